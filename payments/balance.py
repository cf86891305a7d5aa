"""Captured, refunded and refundable amounts of an invoice, and the order state they lead to."""

from decimal import Decimal

from django.db.models import Sum

from orders.audit import Cause
from orders.models import OrderState
from orders.transitions import move_order
from payments.models import RESERVING, Invoice, InvoiceStatus, Refund, RefundStatus


def order_follows_refunds(invoice: Invoice, cause: Cause) -> None:
    """Tell in the order's state how much of a locked, paid invoice went back, if anything did.

    Of one that is not paid any more the state tells nothing: the order may have another payment.
    """
    done = given_back(invoice)
    if invoice.status != InvoiceStatus.PAID or not done:
        return
    whole = done >= captured(invoice)
    to = OrderState.REFUNDED if whole else OrderState.PARTLY_REFUNDED
    move_order(invoice.order, to, cause)


def captured(invoice: Invoice) -> Decimal:
    """Return what SEQR took from the customer, by its receipt where that tells it."""
    if invoice.status != InvoiceStatus.PAID:
        return Decimal(0)
    if invoice.paid_amount is None or invoice.paid_currency != invoice.currency:
        return invoice.amount
    return invoice.paid_amount


def refundable(invoice: Invoice) -> Decimal:
    """Return how much of a locked invoice may still be given back."""
    return captured(invoice) - _sum(invoice, RESERVING)


def given_back(invoice: Invoice) -> Decimal:
    """Return how much of an invoice's payment SEQR has given back for us."""
    return _sum(invoice, (RefundStatus.REFUNDED,))


def _sum(invoice: Invoice, statuses: tuple[RefundStatus, ...]) -> Decimal:
    refunds = Refund.objects.filter(invoice=invoice, status__in=statuses)
    total: Decimal | None = refunds.aggregate(total=Sum("amount"))["total"]
    return total or Decimal(0)
