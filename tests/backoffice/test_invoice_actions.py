"""“Check with SEQR” and “Cancel at SEQR”: permissions, and the result for each payment."""

from __future__ import annotations

import pytest
from django.test import Client

from orders.audit import ChangeSource
from orders.models import AuditEvent, SourceName
from payments.invoices.cancel import cancel_invoice
from payments.models import CancelReason, Invoice, InvoiceStatus
from seqrshop.backoffice.invoice_actions import cancel_at_seqr
from tests.factories import InvoiceFactory
from tests.payments.steps import (
    call_count,
    event_names,
    issued_invoice,
    new_invoice,
    reference,
    reloaded,
)
from tests.sandbox_process import SandboxProcess
from tests.staff import list_url, page_url, run_action, staff, superuser, user_of

pytestmark = pytest.mark.django_db(transaction=True)

PENDING = "Not confirmed by SEQR yet, retried automatically (cancel pending)"


def cancel(client: Client, *invoices: Invoice) -> list[str]:
    """Run the action, confirmed."""
    return run_action(client, "cancel_at_seqr", *invoices, confirmed="yes")


def name(invoice: Invoice) -> str:
    """Return the payment's name in the messages."""
    return str(reloaded(invoice))


def test_check_reports_paid_and_unchanged_payments(
    sandbox: SandboxProcess,
) -> None:
    paid, waiting = issued_invoice(), issued_invoice()
    sandbox.pay(reference(paid))
    client = superuser()

    messages = run_action(client, "check_with_seqr", paid, waiting, confirmed="yes")

    assert sorted(messages) == [
        f"Now: paid: {name(paid)}.",
        f"Unchanged: issued: {name(waiting)}.",
    ]
    assert reloaded(paid).status == InvoiceStatus.PAID
    event = AuditEvent.objects.get(subject_id=paid.pk, name="payment_confirmed")
    assert (event.source, event.actor) == ("staff", user_of(client))


def test_every_check_is_audited_with_its_user(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    client = superuser()

    for _ in range(3):
        run_action(client, "check_with_seqr", invoice)

    asked_by = AuditEvent.objects.filter(order=invoice.order, name="getPaymentStatus")
    assert [(event.source, event.actor) for event in asked_by] == [("staff", user_of(client))] * 3


def test_check_reports_seqr_being_down_and_changes_nothing(seqr_away: None) -> None:
    invoice = InvoiceFactory.create(issued=True)

    (message,) = run_action(superuser(), "check_with_seqr", invoice)

    assert message.startswith("No answer from SEQR (getPaymentStatus: ")
    assert message.endswith(f": {name(invoice)}.")
    assert reloaded(invoice).status == InvoiceStatus.ISSUED


def test_payment_unknown_to_seqr_is_not_checked(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()

    messages = run_action(superuser(), "check_with_seqr", invoice)

    assert messages == [f"Not checked, SEQR does not have it yet: {name(invoice)}."]
    assert call_count(sandbox, "getPaymentStatus") == 0


def test_payment_of_an_order_paid_by_another_is_not_checked(
    sandbox: SandboxProcess,
) -> None:
    paid = InvoiceFactory.create(paid=True)
    other = InvoiceFactory.create(order=paid.order, attempt=2, canceled=True)

    messages = run_action(superuser(), "check_with_seqr", other)

    assert messages == [f"Not checked, another payment has paid the order: {name(other)}."]
    assert call_count(sandbox, "getPaymentStatus") == 0


def test_cancel_asks_for_confirmation_first(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()

    response = superuser().post(
        list_url(Invoice), {"action": "cancel_at_seqr", "_selected_action": invoice.pk}
    )

    page = response.content.decode()
    assert invoice.client_invoice_id in page
    assert "45.00\N{NO-BREAK SPACE}SEK" in page
    assert 'name="confirmed"' in page
    assert reloaded(invoice).status == InvoiceStatus.ISSUED
    assert call_count(sandbox, "cancelInvoice") == 0


def test_cancel_reports_the_result_for_each_payment(sandbox: SandboxProcess) -> None:
    waiting, paid, ended = issued_invoice(), issued_invoice(), issued_invoice()
    sandbox.pay(reference(paid))
    cancel_invoice(ended.pk, CancelReason.STAFF, ChangeSource(SourceName.STAFF))
    client = superuser()

    messages = cancel(client, waiting, paid, ended)

    assert sorted(messages) == [
        f"Cancelled: {name(waiting)}.",
        f"Not cancelled, already paid: {name(paid)}.",
        f"Nothing to cancel: cancelled: {name(ended)}.",
    ]
    assert sandbox.invoice(reference(waiting))["status"] == "CANCELED"
    assert reloaded(waiting).cancel_reason == CancelReason.STAFF
    assert {event.actor for event in AuditEvent.objects.filter(name="cancel_requested")} == {
        user_of(client),
        None,
    }


def test_payment_that_has_ended_meanwhile_is_not_reported_as_cancelled() -> None:
    invoice = InvoiceFactory.create(issued=True)
    Invoice.objects.update(status=InvoiceStatus.EXPIRED)

    _level, text = cancel_at_seqr(invoice, ChangeSource(SourceName.STAFF))

    assert text == "Not cancelled, already ended: timed out"


def test_unanswered_cancel_is_reported_as_pending(seqr_away: None) -> None:
    invoice = InvoiceFactory.create(issued=True)

    messages = cancel(superuser(), invoice)

    assert messages == [f"{PENDING}: {name(invoice)}."]
    assert reloaded(invoice).status == InvoiceStatus.CANCEL_PENDING


@pytest.mark.parametrize("action", ["check_with_seqr", "cancel_at_seqr"])
def test_action_is_refused_without_its_own_permission(action: str, sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    other = {"check_with_seqr": "cancel_invoice", "cancel_at_seqr": "check_invoice"}[action]
    client = staff("payments.view_invoice", "payments.change_invoice", f"payments.{other}")
    before = event_names(invoice)

    messages = run_action(client, action, invoice, confirmed="yes")

    assert messages == ["No action selected."]
    assert event_names(invoice) == before
    assert call_count(sandbox, "getPaymentStatus") == call_count(sandbox, "cancelInvoice") == 0


def test_action_needs_only_its_own_permission(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    view = "payments.view_invoice"

    checked = run_action(staff(view, "payments.check_invoice"), "check_with_seqr", invoice)
    cancelled = cancel(staff(view, "payments.cancel_invoice"), invoice)

    assert checked == [f"Unchanged: issued: {name(invoice)}."]
    assert cancelled == [f"Cancelled: {name(invoice)}."]


def test_cancel_button_returns_to_the_page_after_confirmation(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    client = superuser()
    pressed = {
        "action": "cancel_at_seqr",
        "_selected_action": invoice.pk,
        "from_row_page": "yes",
    }

    confirmation = client.post(list_url(Invoice), pressed).content.decode()
    response = client.post(list_url(Invoice), {**pressed, "confirmed": "yes"})

    assert 'name="from_row_page"' in confirmation
    assert f'href="{page_url(invoice)}"' in confirmation
    assert response.headers["Location"] == page_url(invoice)
    assert reloaded(invoice).status == InvoiceStatus.CANCELED


def test_rows_beyond_the_time_limit_are_reported_as_not_done(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqrshop.backoffice.bulk.choose.TIME_LIMIT_SECONDS", 0.0)
    invoice = issued_invoice()

    messages = run_action(superuser(), "check_with_seqr", invoice)

    assert messages == [f"Not done, SEQR is responding slowly; try again: {name(invoice)}."]
    assert call_count(sandbox, "getPaymentStatus") == 0
