"""“Ask SEQR now” and “Cancel at SEQR”: who may, and what is told of each invoice."""

from __future__ import annotations

import pytest
from django.test import Client

from orders.audit import ChangeSource
from orders.models import AuditEvent
from payments.invoices.cancel import cancel_invoice
from payments.models import CancelReason, Invoice, InvoiceStatus
from seqrshop.backoffice import invoice_actions
from tests.factories import InvoiceFactory
from tests.payments.steps import asked, fresh, issued_invoice, new_invoice, reference, story
from tests.sandbox_process import SandboxProcess
from tests.staff import boss, list_url, page_url, run, staff, user_of

pytestmark = pytest.mark.django_db(transaction=True)

PENDING = "Not confirmed by SEQR yet, and tried again by itself (cancel pending)"


def cancel(client: Client, *invoices: Invoice) -> list[str]:
    """Run the action and confirm it."""
    return run(client, "cancel_at_seqr", *invoices, confirmed="yes")


def number(invoice: Invoice) -> str:
    """The invoice's number, as the messages name it."""
    return fresh(invoice).client_invoice_id


def test_asking_tells_which_invoices_are_paid_now_and_which_are_unchanged(
    sandbox: SandboxProcess,
) -> None:
    paid, waiting = issued_invoice(), issued_invoice()
    sandbox.pay(reference(paid))
    client = boss()

    messages = run(client, "ask_seqr", paid, waiting)

    assert sorted(messages) == [
        f"Now: paid: {number(paid)}.",
        f"Unchanged: issued: {number(waiting)}.",
    ]
    assert fresh(paid).status == InvoiceStatus.PAID
    event = AuditEvent.objects.get(subject_id=paid.pk, name="payment_confirmed")
    assert (event.source, event.actor) == ("staff", user_of(client))


def test_every_question_of_the_staff_stays_with_who_asked(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    client = boss()

    for _ in range(3):
        run(client, "ask_seqr", invoice)

    asked_by = AuditEvent.objects.filter(order=invoice.order, name="getPaymentStatus")
    assert [(event.source, event.actor) for event in asked_by] == [("staff", user_of(client))] * 3


def test_asking_while_seqr_is_away_is_told_and_changes_nothing(seqr_away: None) -> None:
    invoice = InvoiceFactory.create(issued=True)

    (message,) = run(boss(), "ask_seqr", invoice)

    assert message.startswith("No answer from SEQR (getPaymentStatus: ")
    assert message.endswith(f": {number(invoice)}.")
    assert fresh(invoice).status == InvoiceStatus.ISSUED


def test_an_invoice_that_seqr_does_not_have_yet_is_not_asked_about(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()

    messages = run(boss(), "ask_seqr", invoice)

    assert messages == [f"Not asked, as SEQR does not have it yet: {number(invoice)}."]
    assert asked(sandbox, "getPaymentStatus") == 0


def test_an_invoice_whose_order_another_one_paid_is_not_asked_about(
    sandbox: SandboxProcess,
) -> None:
    paid = InvoiceFactory.create(paid=True)
    other = InvoiceFactory.create(order=paid.order, attempt=2, canceled=True)

    messages = run(boss(), "ask_seqr", other)

    assert messages == [f"Not asked, as another invoice has paid the order: {number(other)}."]
    assert asked(sandbox, "getPaymentStatus") == 0


def test_cancelling_asks_for_confirmation_first(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()

    response = boss().post(
        list_url(Invoice), {"action": "cancel_at_seqr", "_selected_action": invoice.pk}
    )

    page = response.content.decode()
    assert number(invoice) in page
    assert "45.00\N{NO-BREAK SPACE}SEK" in page
    assert 'name="confirmed"' in page
    assert fresh(invoice).status == InvoiceStatus.ISSUED
    assert asked(sandbox, "cancelInvoice") == 0


def test_cancelling_tells_of_each_invoice_what_seqr_said(sandbox: SandboxProcess) -> None:
    waiting, paid, ended = issued_invoice(), issued_invoice(), issued_invoice()
    sandbox.pay(reference(paid))
    cancel_invoice(ended.pk, CancelReason.STAFF, ChangeSource("staff"))
    client = boss()

    messages = cancel(client, waiting, paid, ended)

    assert sorted(messages) == [
        f"Cancelled: {number(waiting)}.",
        f"Not cancelled, as it is already paid: {number(paid)}.",
        f"Nothing to cancel: cancelled: {number(ended)}.",
    ]
    assert sandbox.invoice(reference(waiting))["status"] == "CANCELED"
    assert fresh(waiting).cancel_reason == CancelReason.STAFF
    assert {event.actor for event in AuditEvent.objects.filter(name="cancel_requested")} == {
        user_of(client),
        None,
    }


def test_a_cancel_that_seqr_does_not_answer_is_told_as_pending(seqr_away: None) -> None:
    invoice = InvoiceFactory.create(issued=True)

    messages = cancel(boss(), invoice)

    assert messages == [f"{PENDING}: {number(invoice)}."]
    assert fresh(invoice).status == InvoiceStatus.CANCEL_PENDING


@pytest.mark.parametrize("action", ["ask_seqr", "cancel_at_seqr"])
def test_an_action_is_refused_without_the_permission_of_its_own(
    action: str, sandbox: SandboxProcess
) -> None:
    invoice = issued_invoice()
    other = {"ask_seqr": "cancel_invoice", "cancel_at_seqr": "check_invoice"}[action]
    client = staff("payments.view_invoice", "payments.change_invoice", f"payments.{other}")
    before = story(invoice)

    messages = run(client, action, invoice, confirmed="yes")

    assert messages == ["No action selected."]
    assert story(invoice) == before
    assert asked(sandbox, "getPaymentStatus") == asked(sandbox, "cancelInvoice") == 0


def test_the_permission_of_its_own_is_enough(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    view = "payments.view_invoice"

    asked_now = run(staff(view, "payments.check_invoice"), "ask_seqr", invoice)
    cancelled = cancel(staff(view, "payments.cancel_invoice"), invoice)

    assert asked_now == [f"Unchanged: issued: {number(invoice)}."]
    assert cancelled == [f"Cancelled: {number(invoice)}."]


def test_the_button_on_the_page_leads_through_the_confirmation_back_to_the_page(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    client = boss()
    pressed = {
        "action": "cancel_at_seqr",
        "_selected_action": invoice.pk,
        "from_detail": "yes",
    }

    confirmation = client.post(list_url(Invoice), pressed).content.decode()
    response = client.post(list_url(Invoice), {**pressed, "confirmed": "yes"})

    assert 'name="from_detail"' in confirmation
    assert f'href="{page_url(invoice)}"' in confirmation
    assert response.headers["Location"] == page_url(invoice)
    assert fresh(invoice).status == InvoiceStatus.CANCELED


@pytest.mark.parametrize("action", ["ask_seqr", "cancel_at_seqr"])
def test_more_invoices_than_one_request_should_take_are_refused_as_a_whole(
    action: str, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqrshop.backoffice.invoice.MOST_AT_ONCE", 1)
    invoices = [issued_invoice(), issued_invoice()]

    messages = run(boss(), action, *invoices, confirmed="yes")

    assert messages == ["2 are chosen; choose at most 1 at a time. Nothing was done."]
    assert asked(sandbox, "getPaymentStatus") == asked(sandbox, "cancelInvoice") == 0


def test_when_seqr_is_slow_the_rest_is_left_and_named(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoice_actions, "MOST_SECONDS", 0.0)
    invoice = issued_invoice()

    messages = run(boss(), "ask_seqr", invoice)

    assert messages == [f"Not tried, since SEQR answers slowly; try again: {number(invoice)}."]
    assert asked(sandbox, "getPaymentStatus") == 0
