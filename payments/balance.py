"""The captured, refunded and refundable amounts of an invoice, in major units."""

from decimal import Decimal

from django.db.models import Sum

from orders.audit import ChangeSource
from orders.models import OrderState
from orders.transitions import transition_order
from payments.models import (
    CAPTURED_STATUSES,
    RESERVING_REFUND_STATUSES,
    SENT_REFUND_STATUSES,
    Invoice,
    InvoiceStatus,
    Refund,
    RefundRow,
    RefundStatus,
    WithdrawalReason,
)


def update_order_refund_state(invoice: Invoice, source: ChangeSource) -> None:
    """Mark a locked invoice's order as refunded or partly refunded, if it is.

    Does nothing for an invoice that does not pay the order: a duplicate, or one no longer paid. An
    order that needs attention, and must not be served, follows once its case is closed.
    """
    if invoice.order.state == OrderState.NEEDS_ATTENTION:
        return
    refunded = refunded_amount(invoice)
    if invoice.status != InvoiceStatus.PAID or not refunded:
        return
    is_whole = refunded >= captured_amount(invoice)
    to = OrderState.REFUNDED if is_whole else OrderState.PARTLY_REFUNDED
    transition_order(invoice.order, to, source)


def captured_amount(invoice: Invoice) -> Decimal:
    """Return the amount that the customer paid, by SEQR's receipt if it has an amount.

    A duplicate payment is captured too: SEQR holds it until it is refunded.
    """
    if invoice.status not in CAPTURED_STATUSES:
        return Decimal(0)
    if invoice.paid_amount is None or invoice.paid_currency != invoice.currency:
        return invoice.amount
    return invoice.paid_amount


def refundable_amount(invoice: Invoice) -> Decimal:
    """Return the amount of a locked invoice that may still be refunded."""
    return captured_amount(invoice) - _sum(invoice, RESERVING_REFUND_STATUSES)


def refunded_amount(invoice: Invoice) -> Decimal:
    """Return the amount of an invoice that SEQR has refunded at our request."""
    return _sum(invoice, (RefundStatus.REFUNDED,))


def refunded_units(invoice: Invoice) -> dict[int, int]:
    """Return the units of order rows that SEQR has refunded at our request, by the rows' ids."""
    rows = RefundRow.objects.filter(refund__invoice=invoice, refund__status=RefundStatus.REFUNDED)
    return dict(rows.values_list("order_row").annotate(Sum("quantity")).order_by())


def reason_not_to_send(refund: Refund) -> WithdrawalReason | None:
    """Return why a locked, unsent refund must not be sent: the payment does not cover it.

    SEQR may have reversed the payment since the request, or corrected its amount. Refunds that may
    have been made count; those that wait behind this one do not.
    """
    captured = captured_amount(refund.invoice)
    if captured <= 0:
        return WithdrawalReason.NOT_PAID
    if _sum(refund.invoice, SENT_REFUND_STATUSES) + refund.amount > captured:
        return WithdrawalReason.EXCEEDS_PAYMENT
    return None


def _sum(invoice: Invoice, statuses: tuple[RefundStatus, ...]) -> Decimal:
    refunds = Refund.objects.filter(invoice=invoice, status__in=statuses)
    total: Decimal | None = refunds.aggregate(total=Sum("amount"))["total"]
    return total or Decimal(0)
