"""Captured, refunded and refundable amounts of an invoice, and the order state they lead to."""

from decimal import Decimal

from django.db.models import Sum

from orders.audit import ChangeSource
from orders.models import OrderState
from orders.transitions import transition_order
from payments.models import RESERVING_REFUND_STATUSES, Invoice, InvoiceStatus, Refund, RefundStatus


def update_order_refund_state(invoice: Invoice, source: ChangeSource) -> None:
    """Tell in the order's state how much of a locked, paid invoice went back, if anything did.

    Of one that is not paid any more the state tells nothing: the order may have another payment.
    """
    done = refunded_amount(invoice)
    if invoice.status != InvoiceStatus.PAID or not done:
        return
    whole = done >= captured_amount(invoice)
    to = OrderState.REFUNDED if whole else OrderState.PARTLY_REFUNDED
    transition_order(invoice.order, to, source)


def captured_amount(invoice: Invoice) -> Decimal:
    """Return what SEQR took from the customer, by its receipt where that tells it."""
    if invoice.status != InvoiceStatus.PAID:
        return Decimal(0)
    if invoice.paid_amount is None or invoice.paid_currency != invoice.currency:
        return invoice.amount
    return invoice.paid_amount


def refundable_amount(invoice: Invoice) -> Decimal:
    """Return how much of a locked invoice may still be given back."""
    return captured_amount(invoice) - _sum(invoice, RESERVING_REFUND_STATUSES)


def refunded_amount(invoice: Invoice) -> Decimal:
    """Return how much of an invoice's payment SEQR has given back for us."""
    return _sum(invoice, (RefundStatus.REFUNDED,))


def _sum(invoice: Invoice, statuses: tuple[RefundStatus, ...]) -> Decimal:
    refunds = Refund.objects.filter(invoice=invoice, status__in=statuses)
    total: Decimal | None = refunds.aggregate(total=Sum("amount"))["total"]
    return total or Decimal(0)
