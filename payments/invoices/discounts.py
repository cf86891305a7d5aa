"""An invoice's discounts: stored before SEQR gets them, and unconfirmed until SEQR has them.

The functions that change something take a locked invoice, and run in the caller's transaction.
"""

from decimal import Decimal

from orders.audit import ChangeSource, record_event
from orders.models import EventName
from orders.state_machine import save_fields
from payments import seqr
from payments.models import UNPAID_FINAL_STATUSES, Invoice, InvoiceDiscount, LoyaltyAnswer


def discounts_of(invoice: Invoice) -> list[InvoiceDiscount]:
    """Return an invoice's discounts; an invoice without any costs no query.

    Discounts of an ended invoice do not count: the next one is over the full amount.
    """
    if total_of(invoice) == invoice.order.total:
        return []
    return list(invoice.discounts.all())


def total_of(invoice: Invoice) -> Decimal:
    """Return what the customer pays for the order, in major units."""
    return invoice.order.total if invoice.status in UNPAID_FINAL_STATUSES else invoice.amount


def drop_discounts(invoice: Invoice, source: ChangeSource, why: str) -> None:
    """Remove an invoice's discounts, since SEQR has the full amount."""
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


def confirm_discount(invoice: Invoice, paid: seqr.Amount | None, source: ChangeSource) -> None:
    """Confirm or drop an unconfirmed discount by the amount in SEQR's receipt.

    If the full amount was paid, SEQR never had the discount. Any other amount opens a case later.
    """
    if not invoice.discount_unconfirmed or paid is None:
        return
    if paid == seqr.Amount(invoice.amount, invoice.currency):
        save_fields(invoice, discount_unconfirmed=False)
    elif paid == seqr.Amount(invoice.order.total, invoice.currency):
        drop_discounts(invoice, source, "the full amount was paid")
