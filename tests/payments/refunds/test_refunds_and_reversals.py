"""Refunds of a payment that SEQR has taken back, or found again."""

import pytest
from django.contrib.auth.models import User

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import SourceName
from payments.invoices.refresh import refresh_invoice
from payments.models import Invoice, InvoiceStatus, Refund, RefundStatus
from payments.refunds.refund import resolve_unknown_refund, send_refund
from tests.factories import InvoiceFactory
from tests.payments.refunds.steps import requested_refund
from tests.payments.steps import order_state, paid_invoice, reference, reloaded
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def seqr_says(sandbox: SandboxProcess, invoice: Invoice, status: str) -> None:
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": status})
    refresh_invoice(invoice.pk, ChangeSource(SourceName.STAFF))


def settled_after_its_payment_was_taken_back(
    sandbox: SandboxProcess, invoice: Invoice, clerk: User, meanwhile: S
) -> Refund:
    """A refund whose answer was lost; the order has another invoice of this status meanwhile."""
    refund = requested_refund(invoice, "10.00", clerk)
    sandbox.fault("refundPayment", "drop", count=1)
    send_refund(refund.pk)
    seqr_says(sandbox, invoice, "CANCELED")
    paid = {"ers_reference": "ERS", "paid_at": database_now()} if meanwhile == S.PAID else {}
    InvoiceFactory.create(order=invoice.order, attempt=2, status=meanwhile, **paid)
    state = "paid" if meanwhile == S.PAID else "canceled"
    type(invoice.order).objects.filter(pk=invoice.order_id).update(state=state)

    resolve_unknown_refund(refund.pk, by_staff(clerk), was_refunded=True, reason="the report")
    refund.refresh_from_db()
    return refund


@pytest.mark.parametrize("other", [S.PAID, S.CANCELED])
def test_a_refund_of_a_payment_that_was_taken_back_says_nothing_about_the_order(
    sandbox: SandboxProcess, clerk: User, other: InvoiceStatus
) -> None:
    invoice = paid_invoice(sandbox)

    refund = settled_after_its_payment_was_taken_back(sandbox, invoice, clerk, other)

    assert refund.status == RefundStatus.REFUNDED
    assert order_state(invoice) == other.lower()


def test_an_order_whose_payment_is_found_again_is_as_far_refunded_as_before(
    sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    send_refund(requested_refund(invoice, "10.00", clerk).pk)
    seqr_says(sandbox, invoice, "CANCELED")
    assert order_state(invoice) == "needs_attention"

    seqr_says(sandbox, invoice, "PAID")

    assert reloaded(invoice).status == S.PAID
    assert order_state(invoice) == "partly_refunded"
