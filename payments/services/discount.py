"""An invoice's discounts: given before SEQR is told, and in doubt until SEQR surely knows.

All but the reading is done to a locked invoice, in the transaction of what it belongs to.
"""

from collections.abc import Sequence
from decimal import Decimal

from orders.events import Cause
from payments import seqr
from payments.loyalty import Discount
from payments.models import DEAD_STATUSES, CardAnswer, Invoice, InvoiceDiscount
from payments.transitions import record, save_fields


def discounts_of(invoice: Invoice) -> list[InvoiceDiscount]:
    """Return an invoice's discounts; without any, at the cost of no query.

    Those of a dead invoice count no more: the order is paid in full by the next one.
    """
    if total_of(invoice) == invoice.order.total:
        return []
    return list(invoice.discounts.all())


def total_of(invoice: Invoice) -> Decimal:
    """Return what the order costs its customer, by its current invoice."""
    return invoice.order.total if invoice.status in DEAD_STATUSES else invoice.amount


def give_discounts(invoice: Invoice, discounts: Sequence[Discount]) -> None:
    """Lower an invoice by these."""
    InvoiceDiscount.objects.bulk_create(
        InvoiceDiscount(
            invoice=invoice,
            name_sv=each.name_sv,
            name_en=each.name_en,
            amount=each.amount,
            vat_rate=each.vat_rate,
        )
        for each in discounts
    )
    off = sum((each.amount for each in discounts), Decimal(0))
    save_fields(invoice, amount=invoice.order.total + off, discount_in_doubt=bool(discounts))


def drop_discounts(invoice: Invoice, cause: Cause, why: str) -> None:
    """Take an invoice's discounts back: SEQR has the full amount."""
    off = invoice.amount - invoice.order.total
    invoice.discounts.all().delete()
    save_fields(
        invoice,
        amount=invoice.order.total,
        card_answer=CardAnswer.INVALID,
        discount_in_doubt=False,
    )
    record(invoice, "discount_dropped", cause, detail=f"{off} {invoice.currency}: {why}")


def settle_doubt(invoice: Invoice, paid: seqr.Amount | None, cause: Cause) -> None:
    """End the doubt about a discount by what SEQR's receipt says was paid.

    The full amount was paid: SEQR never took the discount. Any other sum is left to be compared.
    """
    if not invoice.discount_in_doubt or paid is None:
        return
    if paid == seqr.Amount(invoice.amount, invoice.currency):
        save_fields(invoice, discount_in_doubt=False)
    elif paid == seqr.Amount(invoice.order.total, invoice.currency):
        drop_discounts(invoice, cause, "the full amount was paid")
