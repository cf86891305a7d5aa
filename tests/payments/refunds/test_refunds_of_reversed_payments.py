"""Refunds of a payment that SEQR has reversed, corrected, or reports as paid again."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from orders.audit import ChangeSource, by_staff
from orders.models import AuditEvent, Order, SourceName
from payments.invoices.refresh import refresh_invoice
from payments.models import (
    CaseKind,
    Invoice,
    InvoiceStatus,
    Refund,
    RefundStatus,
    WithdrawalReason,
)
from payments.refund_transitions import withdraw_unsent_refunds
from payments.refunds.refund import approve_refund, resolve_unknown_refund
from payments.refunds.send import send_refund
from payments.seqr import SeqrUnavailable
from tests.factories import InvoiceFactory
from tests.fault_proxy import FaultProxy
from tests.payments.refunds.steps import (
    fail_to_send_after_an_hour,
    open_case_kinds,
    requested_refund,
    status_of,
)
from tests.payments.steps import call_count, order_state, reference, reloaded
from tests.races import held, wait_for_lock_wait, with_own_connection
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
BY_STAFF = ChangeSource(SourceName.STAFF)
NOT_PAID = (RefundStatus.WITHDRAWN, WithdrawalReason.NOT_PAID)
EXCEEDS_PAYMENT = (RefundStatus.WITHDRAWN, WithdrawalReason.EXCEEDS_PAYMENT)
pytestmark = pytest.mark.django_db(transaction=True)


def report_status(sandbox: SandboxProcess, invoice: Invoice, status: str) -> None:
    """Have SEQR report this status, and the shop query it."""
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": status})
    refresh_invoice(invoice.pk, ChangeSource(SourceName.STAFF))


@pytest.mark.parametrize(
    ("next_status", "fields"),
    [(S.PAID, {"ers_reference": "ERS", "paid_at": "2026-01-01T00:00:00Z"}), (S.CANCELED, {})],
)
def test_refund_of_a_reversed_payment_does_not_change_the_order_of_the_next_invoice(
    sandbox: SandboxProcess,
    invoice: Invoice,
    clerk: User,
    next_status: S,
    fields: dict[str, object],
) -> None:
    refund = requested_refund(invoice, "10.00", clerk)
    sandbox.fault("refundPayment", "drop", count=1)
    send_refund(refund.pk)
    report_status(sandbox, invoice, "CANCELED")
    InvoiceFactory.create(order=invoice.order, attempt=2, status=next_status, **fields)
    Order.objects.filter(pk=invoice.order_id).update(state=next_status.lower())

    resolve_unknown_refund(refund.pk, by_staff(clerk), was_refunded=True, reason="the report")

    assert status_of(refund) == RefundStatus.REFUNDED
    assert order_state(invoice) == next_status.lower()


def test_order_is_partly_refunded_again_after_seqr_reports_its_reversed_payment_as_paid(
    sandbox: SandboxProcess, invoice: Invoice, clerk: User
) -> None:
    send_refund(requested_refund(invoice, "10.00", clerk).pk)
    report_status(sandbox, invoice, "CANCELED")
    assert order_state(invoice) == "needs_attention"

    report_status(sandbox, invoice, "PAID")

    assert reloaded(invoice).status == S.PAID
    assert order_state(invoice) == "partly_refunded"


def withdrawal_of(refund: Refund) -> tuple[str, str]:
    refund.refresh_from_db()
    return refund.status, refund.withdrawal_reason


def test_reversal_withdraws_unsent_refunds_with_their_reason_and_closes_their_cases(
    sandbox: SandboxProcess, settings: Settings, invoice: Invoice, clerk: User, boss: User
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("10.00")
    created = requested_refund(invoice, "10.00", clerk)
    requested = requested_refund(invoice, "20.00", clerk)
    sandbox.fault("refundPayment", "result_code", code=93, count=1)
    fail_to_send_after_an_hour(created)
    kinds_before = open_case_kinds(created)

    report_status(sandbox, invoice, "CANCELED")
    withdrawals = withdrawal_of(created), withdrawal_of(requested)
    approved = approve_refund(requested.pk, by_staff(boss))
    for refund in (created, requested):
        send_refund(refund.pk)

    assert (kinds_before, open_case_kinds(created)) == ([CaseKind.REFUND_STUCK], [])
    assert withdrawals == (NOT_PAID, NOT_PAID)
    assert not approved
    assert call_count(sandbox, "refundPayment") == 1
    event = AuditEvent.objects.filter(name="refund_withdrawn").latest("id")
    assert event.detail == "the payment is no longer paid"


def test_unsent_refund_of_an_unpaid_invoice_is_withdrawn_just_before_the_call(
    sandbox: SandboxProcess, invoice: Invoice, refund: Refund
) -> None:
    Invoice.objects.filter(pk=invoice.pk).update(status=S.CANCELED)  # by another way than SEQR's

    send_refund(refund.pk)

    assert withdrawal_of(refund) == NOT_PAID
    assert call_count(sandbox, "refundPayment") == 0


def test_requested_refund_of_an_unpaid_invoice_is_withdrawn_at_its_approval(
    settings: Settings, invoice: Invoice, clerk: User, boss: User
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("10.00")
    refund = requested_refund(invoice, "20.00", clerk)
    Invoice.objects.filter(pk=invoice.pk).update(status=S.CANCELED)

    approved = approve_refund(refund.pk, by_staff(boss))

    assert not approved
    assert withdrawal_of(refund) == NOT_PAID


def test_refund_that_exceeds_the_corrected_payment_is_withdrawn_and_the_fitting_one_is_sent(
    sandbox: SandboxProcess, invoice: Invoice, clerk: User
) -> None:
    fitting, exceeding = (requested_refund(invoice, each, clerk) for each in ("20.00", "25.00"))
    Invoice.objects.filter(pk=invoice.pk).update(paid_amount=Decimal("44.99"))

    for refund in (fitting, exceeding):
        send_refund(refund.pk)

    assert (status_of(fitting), withdrawal_of(exceeding)) == (
        RefundStatus.REFUNDED,
        EXCEEDS_PAYMENT,
    )
    assert call_count(sandbox, "refundPayment") == 1


def test_refund_deferred_while_its_payment_is_reversed_is_withdrawn(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, invoice: Invoice, refund: Refund
) -> None:
    sandbox.fault("refundPayment", "result_code", code=93, count=1)

    def reverse() -> None:
        seqr_proxy.before_answer = lambda: None
        report_status(sandbox, invoice, "CANCELED")

    seqr_proxy.before_answer = reverse
    with pytest.raises(SeqrUnavailable):
        send_refund(refund.pk)

    assert withdrawal_of(refund) == NOT_PAID


def test_refund_in_flight_while_its_payment_is_reversed_keeps_seqrs_outcome(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, invoice: Invoice, refund: Refund
) -> None:
    def reverse() -> None:
        seqr_proxy.before_answer = lambda: None
        report_status(sandbox, invoice, "CANCELED")

    seqr_proxy.before_answer = reverse
    send_refund(refund.pk)

    assert status_of(refund) == RefundStatus.REFUNDED


def test_refund_that_is_sent_meanwhile_is_not_withdrawn(invoice: Invoice, clerk: User) -> None:
    refund = requested_refund(invoice, "10.00", clerk)
    sent = Refund.objects.filter(pk=refund.pk)

    def withdraw() -> None:
        with transaction.atomic():
            withdraw_unsent_refunds(Invoice.objects.get(pk=invoice.pk), BY_STAFF)

    with ThreadPoolExecutor(1) as threads:
        with held(lambda: sent.update(status=RefundStatus.SENDING, sent_at=timezone.now())):
            withdrawn = threads.submit(with_own_connection, withdraw)
            wait_for_lock_wait()
        withdrawn.result()

    assert status_of(refund) == RefundStatus.SENDING
