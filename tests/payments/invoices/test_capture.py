"""commitReservation: staff capture the reserved amount once, even after a lost answer."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import AuditEvent, Order
from payments.invoices.capture import CaptureNotPossible, capture_reservation
from payments.models import CaseKind, Invoice, InvoiceStatus, MoneyCase
from payments.seqr import SeqrConflict, SeqrOutcomeUnknown
from tests.factories import InvoiceFactory
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    call_count,
    event_details,
    event_names,
    invoice_in,
    issued_invoice,
    order_state,
    reference,
    refresh,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess
from tests.staff import list_url, page_url, run_action, shown_messages, staff, superuser, user_of

S = InvoiceStatus
FULL_AMOUNT = Decimal("45.00")
pytestmark = pytest.mark.django_db(transaction=True)


def reserved_invoice(sandbox: SandboxProcess) -> Invoice:
    """Return an invoice whose 45.00 SEK are reserved at SEQR, as the shop knows."""
    invoice = issued_invoice()
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "RESERVED"})
    refresh(invoice)
    return reloaded(invoice)


def clerk() -> ChangeSource:
    user, _ = User.objects.get_or_create(username="clerk")
    return by_staff(user)


def capture(invoice: Invoice, amount: Decimal = FULL_AMOUNT) -> InvoiceStatus:
    return capture_reservation(invoice.pk, amount, clerk())


def page_of(invoice: Invoice) -> str:
    return reverse("admin:payments_invoice_capture", args=[invoice.pk])


def confirm(client: Client, invoice: Invoice) -> list[str]:
    """Confirm the capture on its page; return the messages shown."""
    return shown_messages(client.post(page_of(invoice), {"amount": "45.00"}))


def test_reserved_amount_is_captured_with_the_persons_name(sandbox: SandboxProcess) -> None:
    invoice = reserved_invoice(sandbox)

    status = capture(invoice)

    paid = reloaded(invoice)
    assert (status, order_state(invoice)) == (S.PAID, "paid")
    assert paid.paid_amount == FULL_AMOUNT
    assert event_details(invoice)[2:] == [
        ("amount_reserved", ""),
        ("capture_started", "45.00 SEK"),
        ("reservation_captured", ""),
        ("payment_confirmed", ""),
    ]
    names = AuditEvent.objects.filter(actor__username="clerk").values_list("name", flat=True)
    assert {"capture_started", "reservation_captured", "commitReservation"} <= set(names)


def test_capture_with_lost_answer_is_found_by_query(sandbox: SandboxProcess) -> None:
    invoice = reserved_invoice(sandbox)
    sandbox.fault("commitReservation", "drop")

    status = capture(invoice)

    assert status == S.PAID
    assert event_details(invoice)[3:] == [
        ("capture_started", "45.00 SEK"),
        (
            "capture_outcome_unknown",
            "commitReservation: the connection was closed without a response.",
        ),
        ("payment_confirmed", ""),
    ]
    assert call_count(sandbox, "commitReservation") == 1


def test_capture_with_unknown_outcome_is_not_repeated_during_its_lease(
    sandbox: SandboxProcess,
) -> None:
    invoice = reserved_invoice(sandbox)
    sandbox.fault("commitReservation", "refuse")
    with pytest.raises(SeqrOutcomeUnknown):
        capture(invoice)
    sandbox.clear_faults()
    with pytest.raises(CaptureNotPossible) as problem:
        capture(invoice)
    assert str(problem.value) == (
        "A capture is running, or SEQR's answer was lost. Check with SEQR in 30 seconds."
    )
    lapsed = database_now() - timedelta(seconds=1)
    Invoice.objects.filter(pk=invoice.pk).update(capture_lease_until=lapsed)

    status = capture(invoice)

    assert status == S.PAID
    assert order_state(invoice) == "paid"


def test_capture_is_recorded_though_the_next_query_has_no_answer(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = reserved_invoice(sandbox)

    def lose_answers_after_capture() -> None:
        if seqr_proxy.calls[-1] == "getPaymentStatus" and "commitReservation" in seqr_proxy.calls:
            seqr_proxy.lose_answers = True

    seqr_proxy.before_answer = lose_answers_after_capture

    status = capture(invoice)

    assert status == S.RESERVED
    assert event_names(invoice)[-1] == "reservation_captured"
    assert sandbox.invoice(reference(invoice))["status"] == "PAID"


def test_reservation_that_ended_before_the_capture_is_recorded(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = reserved_invoice(sandbox)
    expired = {"status": "EXPIRED"}
    seqr_proxy.before_next_answer(
        lambda: sandbox.control("PUT", f"/invoices/{reference(invoice)}", expired)
    )

    with pytest.raises(SeqrConflict):
        capture(invoice)

    assert (reloaded(invoice).status, reloaded(invoice).capture_lease_until) == (S.EXPIRED, None)
    assert event_details(invoice)[3:] == [
        ("capture_started", "45.00 SEK"),
        ("capture_failed", "commitReservation: SEQR answered 96 INVOICE_STATE_NOT_RESERVED."),
        ("expired_at_seqr", ""),
    ]


def test_four_concurrent_captures_are_one(sandbox: SandboxProcess) -> None:
    invoice = reserved_invoice(sandbox)
    clerk()

    def try_capture() -> bool:
        try:
            capture(invoice)
        except CaptureNotPossible:
            return False
        return True

    captured = run_concurrently(4, try_capture)

    assert captured.count(True) == 1
    assert call_count(sandbox, "commitReservation") == 1
    assert reloaded(invoice).status == S.PAID


@pytest.mark.parametrize(
    ("amount", "status", "reason"),
    [
        (FULL_AMOUNT, S.ISSUED, "Nothing is reserved: the payment is now issued."),
        (Decimal("44.00"), S.RESERVED, "The amount has changed; check it again."),
    ],
)
def test_invoice_that_has_changed_is_not_captured(
    sandbox: SandboxProcess, amount: Decimal, status: InvoiceStatus, reason: str
) -> None:
    invoice = issued_invoice() if status == S.ISSUED else reserved_invoice(sandbox)

    with pytest.raises(CaptureNotPossible) as problem:
        capture(invoice, amount)

    assert str(problem.value) == reason
    assert call_count(sandbox, "commitReservation") == 0
    assert reloaded(invoice).status == status


def test_reservation_of_an_order_that_another_payment_has_paid_is_not_captured(
    sandbox: SandboxProcess,
) -> None:
    invoice = reserved_invoice(sandbox)
    InvoiceFactory.create(order=invoice.order, attempt=2, paid=True)
    Order.objects.update(state="paid")

    with pytest.raises(CaptureNotPossible) as problem:
        capture(invoice)

    assert str(problem.value) == "Another payment has paid the order."
    assert call_count(sandbox, "commitReservation") == 0


# --- In the admin --------------------------------------------------------------------------------


def test_button_leads_to_confirmation_page_with_amount(sandbox: SandboxProcess) -> None:
    invoice = reserved_invoice(sandbox)
    client = superuser()

    page = client.get(page_url(invoice)).content.decode()
    confirmation = client.post(
        list_url(Invoice), {"action": "capture", "_selected_action": [invoice.pk]}
    ).content.decode()

    assert "Capture the reserved amount" in page
    assert "SEQR charges the customer 45.00\N{NO-BREAK SPACE}SEK." in confirmation
    assert f'action="{page_of(invoice)}"' in confirmation
    assert call_count(sandbox, "commitReservation") == 0


def test_invoice_without_reservation_has_no_button(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()

    assert "Capture the reserved amount" not in superuser().get(page_url(invoice)).content.decode()


def test_confirmed_capture_is_made_once_and_reported(sandbox: SandboxProcess) -> None:
    invoice = reserved_invoice(sandbox)
    client = superuser()

    confirm(client, invoice)
    messages = confirm(client, invoice)

    assert messages == ["Captured and paid.", "Nothing is reserved: the payment is now paid."]
    assert call_count(sandbox, "commitReservation") == 1
    assert AuditEvent.objects.get(name="capture_started").actor == user_of(client)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            {"kind": "refuse"},
            "It is not known whether the amount was captured (commitReservation: ",
        ),
        ({"kind": "result_code", "code": 96}, "Not captured (commitReservation: SEQR answered 96"),
        ({"kind": "result_code", "code": 11}, "Not captured (commitReservation: SEQR answered 11"),
        ({"kind": "result_code", "code": 21}, "Not captured (commitReservation: SEQR answered 21"),
    ],
    ids=["no answer", "96", "11", "21"],
)
def test_failed_capture_is_reported_as_far_as_its_outcome_is_known(
    sandbox: SandboxProcess, fault: dict[str, object], message: str
) -> None:
    invoice = reserved_invoice(sandbox)
    sandbox.fault("commitReservation", **fault)  # type: ignore[arg-type]

    (shown,) = confirm(superuser(), invoice)

    assert shown.startswith(message)
    assert ".)" not in shown
    assert reloaded(invoice).status == S.RESERVED
    is_about_settings = fault.get("code") == 21
    assert MoneyCase.objects.filter(kind=CaseKind.CONFIGURATION).exists() == is_about_settings


def test_capture_of_what_seqr_does_not_confirm_is_refused_in_one_sentence(
    sandbox: SandboxProcess,
) -> None:
    invoice = reserved_invoice(sandbox)
    sandbox.fault("getPaymentStatus", kind="result_code", code=96)

    (shown,) = confirm(superuser(), invoice)

    assert re.fullmatch(
        r"Not captured: SEQR does not confirm the reservation \(getPaymentStatus: .+[^.]\)\.", shown
    )
    assert call_count(sandbox, "commitReservation") == 0


def test_capture_without_permission_is_refused() -> None:
    invoice = invoice_in(S.RESERVED)
    client = staff("payments.view_invoice", "payments.cancel_invoice", "payments.check_invoice")

    page = client.get(page_url(invoice)).content.decode()
    response = client.post(page_of(invoice), {"amount": "45.00"})

    assert "Capture the reserved amount" not in page
    assert response.status_code == 403


def test_several_invoices_cannot_be_captured_at_once() -> None:
    messages = run_action(superuser(), "capture", invoice_in(S.RESERVED), invoice_in(S.RESERVED))

    assert messages == ["Select one row at a time."]
