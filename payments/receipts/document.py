"""The receipt of a payment, and its HTML document."""

from collections.abc import Iterator

from django.template.loader import render_to_string
from django.utils.translation import override

from orders.models import Order
from orders.services import rows_of
from payments.invoices.discounts import discounts_of
from payments.invoices.transitions import paid_differs
from payments.models import Invoice, InvoiceStatus
from payments.receipts.content import Receipt, ReceiptRow


def has_receipt(invoice: Invoice) -> bool:
    """Return whether an invoice has a receipt; the same condition as HAS_RECEIPT."""
    return invoice.status == InvoiceStatus.PAID and not paid_differs(invoice)


def receipt_of(invoice: Invoice) -> Receipt:
    """Return the receipt of a paid invoice. Raises ValueError if its rows do not add up."""
    assert invoice.paid_at is not None
    order = invoice.order
    return Receipt(
        shop=order.shop.name,
        number=order.number,
        language=order.language,
        paid_at=invoice.paid_at,
        rows=(*_product_rows(order), *_discount_rows(invoice)),
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


def _product_rows(order: Order) -> Iterator[ReceiptRow]:
    for row in rows_of(order):
        yield ReceiptRow(
            name=row.name_in(order.language),
            quantity=row.quantity,
            unit_price=row.unit_price,
            vat_rate=row.vat_rate,
            total=row.total,
        )


def _discount_rows(invoice: Invoice) -> Iterator[ReceiptRow]:
    for discount in discounts_of(invoice):
        yield ReceiptRow(
            name=discount.name_in(invoice.order.language),
            quantity=1,
            unit_price=discount.amount,
            vat_rate=discount.vat_rate,
            total=discount.amount,
        )


def receipt_html(receipt: Receipt) -> str:
    """Return the receipt as one HTML document, without external resources."""
    with override(receipt.language):
        return render_to_string("receipts/receipt.html", {"receipt": receipt})
