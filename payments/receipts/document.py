"""The receipt of a payment, and its HTML document."""

from collections.abc import Iterator

from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils.translation import override

from orders.models import Order
from payments.invoices.discounts import discounts_of
from payments.invoices.transitions import paid_differs
from payments.models import Invoice, InvoiceStatus
from payments.receipts.content import Receipt, ReceiptRow

# Where SEQR tells another sum than ours, a person decides first: no receipt names a wrong one.
HAS_RECEIPT = Q(status=InvoiceStatus.PAID) & (
    Q(paid_amount=None, discount_unconfirmed=False)
    | Q(paid_amount=F("amount"), paid_currency=F("currency"))
)


def has_receipt(invoice: Invoice) -> bool:
    """Whether there is a receipt of an invoice; what HAS_RECEIPT asks the database."""
    return invoice.status == InvoiceStatus.PAID and not paid_differs(invoice)


def receipt_of(invoice: Invoice) -> Receipt:
    """Return the receipt of a paid invoice. Raises ValueError where its rows do not add up."""
    assert invoice.paid_at is not None
    order = invoice.order
    return Receipt(
        shop=order.shop.name,
        number=order.number,
        language=order.language,
        paid_at=invoice.paid_at,
        rows=(*_bought(order), *_taken_off(invoice)),
        total=invoice.amount,
        currency=invoice.currency,
        invoice_reference=invoice.invoice_reference or "",
        ers_reference=invoice.ers_reference or "",
        payment_reference=_separate_payment_reference(invoice),
    )


def _separate_payment_reference(invoice: Invoice) -> str:
    """Return SEQR's payment reference unless it repeats the ersReference, as it often does."""
    reference = invoice.payment_reference
    return "" if reference == invoice.ers_reference else reference


def _bought(order: Order) -> Iterator[ReceiptRow]:
    for row in order.rows.all():
        yield ReceiptRow(
            name=row.name_in(order.language),
            quantity=row.quantity,
            unit_price=row.unit_price,
            vat_rate=row.vat_rate,
            total=row.total,
        )


def _taken_off(invoice: Invoice) -> Iterator[ReceiptRow]:
    for discount in discounts_of(invoice):
        yield ReceiptRow(
            name=discount.name_in(invoice.order.language),
            quantity=1,
            unit_price=discount.amount,
            vat_rate=discount.vat_rate,
            total=discount.amount,
        )


def receipt_html(receipt: Receipt) -> str:
    """Return the receipt as a document that needs nothing beside itself."""
    with override(receipt.language):
        return render_to_string("receipts/receipt.html", {"receipt": receipt})
