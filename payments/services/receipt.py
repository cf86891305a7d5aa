"""The receipt of a payment, and its HTML document."""

from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils.translation import override

from payments.models import Invoice, InvoiceStatus
from payments.receipts import Receipt, ReceiptRow
from payments.transitions import paid_differs

# Where SEQR tells another sum than ours, a person decides first: no receipt names a wrong one.
HAS_RECEIPT = Q(status=InvoiceStatus.PAID) & (
    Q(paid_amount=None) | Q(paid_amount=F("amount"), paid_currency=F("currency"))
)


def has_receipt(invoice: Invoice) -> bool:
    """Whether there is a receipt of an invoice; what HAS_RECEIPT asks the database."""
    return invoice.status == InvoiceStatus.PAID and not paid_differs(invoice)


def receipt_of(invoice: Invoice) -> Receipt:
    """Return the receipt of a paid invoice. Raises ValueError where its rows do not add up."""
    assert invoice.paid_at is not None
    order = invoice.order
    return Receipt(
        shop=order.service.name,
        number=order.number,
        language=order.language,
        paid_at=invoice.paid_at,
        rows=tuple(
            ReceiptRow(
                name=row.name_in(order.language),
                quantity=row.quantity,
                unit_price=row.unit_price,
                vat_rate=row.vat_rate,
                total=row.total,
            )
            for row in order.rows.all()
        ),
        total=invoice.amount,
        currency=invoice.currency,
        invoice_reference=invoice.invoice_reference or "",
        ers_reference=invoice.ers_reference or "",
        payment_reference=invoice.payment_reference,
    )


def receipt_html(receipt: Receipt) -> str:
    """Return the receipt as a document that needs nothing beside itself."""
    with override(receipt.language):
        return render_to_string("receipts/receipt.html", {"receipt": receipt})
