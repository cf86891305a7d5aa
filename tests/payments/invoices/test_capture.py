"""commitReservation: the staff take what is reserved, once, whatever becomes of SEQR's answer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import AuditEvent, SourceName
from payments.invoices.capture import CaptureNotPossible, capture_reservation
from payments.invoices.refresh import refresh_invoice
from payments.models import Invoice, InvoiceStatus
from payments.seqr import SeqrConflict, SeqrOutcomeUnknown
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    call_count,
    event_names,
    invoice_in,
    issued_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess
from tests.staff import list_url, page_url, run_action, shown_messages, staff, superuser, user_of

S = InvoiceStatus
ALL = Decimal("45.00")
pytestmark = pytest.mark.django_db(transaction=True)


def reserved_invoice(sandbox: SandboxProcess) -> Invoice:
    """An invoice whose 45.00 SEK are reserved at SEQR, as we know."""
    invoice = issued_invoice()
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "RESERVED"})
    refresh_invoice(invoice.pk, ChangeSource(SourceName.POLLER))
    return reloaded(invoice)


def clerk() -> ChangeSource:
    user, _ = User.objects.get_or_create(username="clerk")
    return by_staff(user)


def commit(invoice: Invoice, amount: Decimal = ALL) -> InvoiceStatus:
    return capture_reservation(invoice.pk, amount, clerk())


def page_of(invoice: Invoice) -> str:
    return reverse("admin:payments_invoice_capture", args=[invoice.pk])


def confirm(client: Client, invoice: Invoice) -> list[str]:
    """Agree on the page; return what is told."""
    return shown_messages(client.post(page_of(invoice), {"amount": "45.00"}))


def test_what_is_reserved_is_taken_and_paid_with_who_did_it(sandbox: SandboxProcess) -> None:
    invoice = reserved_invoice(sandbox)

    status = commit(invoice)

    paid = reloaded(invoice)
    assert (status, order_state(invoice)) == (S.PAID, "paid")
    assert paid.paid_amount == ALL
    assert event_names(invoice)[2:] == [
        "amount_reserved",
        "capture_started",
        "reservation_captured",
        "payment_confirmed",
    ]
    started = AuditEvent.objects.get(name="capture_started", actor__username="clerk")
    assert started.detail == "45.00 SEK"


def test_a_lost_answer_is_found_by_asking(sandbox: SandboxProcess) -> None:
    invoice = reserved_invoice(sandbox)
    sandbox.fault("commitReservation", "drop")

    status = commit(invoice)

    assert status == S.PAID
    assert event_names(invoice)[3:] == [
        "capture_started",
        "capture_outcome_unknown",
        "payment_confirmed",
    ]
    assert call_count(sandbox, "commitReservation") == 1


def test_an_unknown_outcome_is_not_tried_again_before_its_lease_ends(
    sandbox: SandboxProcess,
) -> None:
    invoice = reserved_invoice(sandbox)
    sandbox.fault("commitReservation", "refuse")
    with pytest.raises(SeqrOutcomeUnknown):
        commit(invoice)
    sandbox.control("DELETE", "/faults")
    with pytest.raises(CaptureNotPossible, match="answer was lost"):
        commit(invoice)
    lapsed = database_now() - timedelta(seconds=1)
    Invoice.objects.filter(pk=invoice.pk).update(capture_lease_until=lapsed)

    status = commit(invoice)

    assert status == S.PAID
    assert order_state(invoice) == "paid"


def test_a_taken_amount_is_taken_though_seqr_then_falls_silent(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = reserved_invoice(sandbox)

    def from_now_on() -> None:
        if seqr_proxy.calls[-1] == "getPaymentStatus" and "commitReservation" in seqr_proxy.calls:
            seqr_proxy.lose_answers = True

    seqr_proxy.before_answer = from_now_on

    status = commit(invoice)

    assert status == S.RESERVED
    assert event_names(invoice)[-1] == "reservation_captured"
    assert sandbox.invoice(reference(invoice))["status"] == "PAID"


def test_a_reservation_released_in_between_is_seen_and_told(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = reserved_invoice(sandbox)

    def the_reservation_ends() -> None:
        seqr_proxy.before_answer = lambda: None
        sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "EXPIRED"})

    seqr_proxy.before_answer = the_reservation_ends

    with pytest.raises(SeqrConflict):
        commit(invoice)

    assert (reloaded(invoice).status, reloaded(invoice).capture_lease_until) == (S.EXPIRED, None)
    assert event_names(invoice)[3:] == ["capture_started", "capture_failed", "expired_at_seqr"]


def test_four_at_once_take_it_once(sandbox: SandboxProcess) -> None:
    invoice = reserved_invoice(sandbox)
    clerk()

    def try_it() -> bool:
        try:
            commit(invoice)
        except CaptureNotPossible:
            return False
        return True

    took = run_concurrently(4, try_it)

    assert took.count(True) == 1
    assert call_count(sandbox, "commitReservation") == 1
    assert reloaded(invoice).status == S.PAID


@pytest.mark.parametrize(
    ("amount", "status", "said"),
    [(ALL, S.ISSUED, "is now issued"), (Decimal("44.00"), S.RESERVED, "has changed")],
)
def test_what_is_not_as_it_was_seen_is_not_taken(
    sandbox: SandboxProcess, amount: Decimal, status: InvoiceStatus, said: str
) -> None:
    invoice = issued_invoice() if status == S.ISSUED else reserved_invoice(sandbox)

    with pytest.raises(CaptureNotPossible, match=said):
        commit(invoice, amount)

    assert call_count(sandbox, "commitReservation") == 0
    assert reloaded(invoice).status == status


# --- In the admin --------------------------------------------------------------------------------


def test_the_button_leads_to_a_page_that_names_the_amount(sandbox: SandboxProcess) -> None:
    invoice = reserved_invoice(sandbox)
    client = superuser()

    page = client.get(page_url(invoice)).content.decode()
    asks = client.post(
        list_url(Invoice), {"action": "capture", "_selected_action": [invoice.pk]}
    ).content.decode()

    assert "Capture the reserved amount" in page
    assert "SEQR charges the customer 45.00\N{NO-BREAK SPACE}SEK." in asks
    assert f'action="{page_of(invoice)}"' in asks
    assert call_count(sandbox, "commitReservation") == 0


def test_only_what_is_reserved_has_the_button(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()

    assert "Capture the reserved amount" not in superuser().get(page_url(invoice)).content.decode()


def test_agreeing_takes_it_and_tells_so(sandbox: SandboxProcess) -> None:
    invoice = reserved_invoice(sandbox)
    client = superuser()

    confirm(client, invoice)
    messages = confirm(client, invoice)

    assert messages == ["Captured and paid.", "Nothing is reserved: the payment is now paid."]
    assert call_count(sandbox, "commitReservation") == 1
    assert AuditEvent.objects.get(name="capture_started").actor == user_of(client)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            {"kind": "refuse"},
            "It is not known whether the amount was captured (commitReservation: ",
        ),
        ({"kind": "result_code", "code": 96}, "Not captured (commitReservation: SEQR answered 96"),
        ({"kind": "result_code", "code": 11}, "Not captured (commitReservation: SEQR answered 11"),
    ],
    ids=["no answer", "96", "11"],
)
def test_what_came_of_it_is_told_as_far_as_it_is_known(
    sandbox: SandboxProcess, fault: dict[str, object], said: str
) -> None:
    invoice = reserved_invoice(sandbox)
    sandbox.fault("commitReservation", **fault)  # type: ignore[arg-type]

    (message,) = confirm(superuser(), invoice)

    assert message.startswith(said)
    assert reloaded(invoice).status == S.RESERVED


def test_who_has_no_permission_takes_nothing() -> None:
    invoice = invoice_in(S.RESERVED)
    client = staff("payments.view_invoice", "payments.cancel_invoice", "payments.check_invoice")

    page = client.get(page_url(invoice)).content.decode()
    response = client.post(page_of(invoice), {"amount": "45.00"})

    assert "Capture the reserved amount" not in page
    assert response.status_code == 403


def test_several_invoices_are_not_taken_with_one_click() -> None:
    messages = run_action(superuser(), "capture", invoice_in(S.RESERVED), invoice_in(S.RESERVED))

    assert messages == ["Select one row at a time."]
