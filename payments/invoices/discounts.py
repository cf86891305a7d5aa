"""An invoice's discounts: given before SEQR is told, and in doubt until SEQR surely knows.

All but the reading is done to a locked invoice, in the transaction of what it belongs to.
"""

from decimal import Decimal

from orders.audit import ChangeSource, record_event
from orders.models import EventName
from orders.state_machine import save_fields
from payments import seqr
from payments.models import UNPAID_FINAL_STATUSES, Invoice, InvoiceDiscount, LoyaltyAnswer


def discounts_of(invoice: Invoice) -> list[InvoiceDiscount]:
    """Return an invoice's discounts; without any, at the cost of no query.

    Those of a dead invoice count no more: the order is paid in full by the next one.
    """
    if total_of(invoice) == invoice.order.total:
        return []
    return list(invoice.discounts.all())


def total_of(invoice: Invoice) -> Decimal:
    """Return what the order costs its customer, by its current invoice."""
    return invoice.order.total if invoice.status in UNPAID_FINAL_STATUSES else invoice.amount


def drop_discounts(invoice: Invoice, source: ChangeSource, why: str) -> None:
    """Take an invoice's discounts back: SEQR has the full amount."""
    off = invoice.amount - invoice.order.total
    invoice.discounts.all().delete()
    save_fields(
        invoice,
        amount=invoice.order.total,
        loyalty_answer=LoyaltyAnswer.INVALID,
        discount_unconfirmed=False,
    )
    record_event(
        invoice, EventName.DISCOUNT_DROPPED, source, detail=f"{off} {invoice.currency}: {why}"
    )


def settle_doubt(invoice: Invoice, paid: seqr.Amount | None, source: ChangeSource) -> None:
    """End the doubt about a discount by what SEQR's receipt says was paid.

    The full amount was paid: SEQR never took the discount. Any other sum is left to be compared.
    """
    if not invoice.discount_unconfirmed or paid is None:
        return
    if paid == seqr.Amount(invoice.amount, invoice.currency):
        save_fields(invoice, discount_unconfirmed=False)
    elif paid == seqr.Amount(invoice.order.total, invoice.currency):
        drop_discounts(invoice, source, "the full amount was paid")
