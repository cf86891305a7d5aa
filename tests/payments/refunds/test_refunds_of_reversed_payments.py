"""Refunds of a payment that SEQR has reversed, or that it reports as paid again."""

import pytest
from django.contrib.auth.models import User

from orders.audit import ChangeSource, by_staff
from orders.models import Order, SourceName
from payments.invoices.refresh import refresh_invoice
from payments.models import Invoice, InvoiceStatus, RefundStatus
from payments.refunds.refund import resolve_unknown_refund
from payments.refunds.send import send_refund
from tests.factories import InvoiceFactory
from tests.payments.refunds.steps import requested_refund, status_of
from tests.payments.steps import order_state, reference, reloaded
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
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
