"""The receipts of an order, as its slip lists them and as their PDFs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpResponse

from orders.models import Order
from payments.models import Invoice, Receipt
from payments.receipts.document import (
    content_of,
    is_shown,
    receipt_of_order,
    receipt_of_payment,
)
from payments.receipts.rendering import receipt_pdf
from seqrshop.backoffice.formatting import money
from seqrshop.backoffice.links import admin_url


@dataclass(frozen=True)
class SlipReceipt:
    """A receipt as the slip lists it; without a `url` if its rows are not what was paid."""

    label: str
    amount: str
    issued_at: datetime
    url: str


def slip_receipts(order: Order) -> tuple[SlipReceipt, ...]:
    """Return the receipts and credit receipts of an order, the oldest first."""
    receipts = Receipt.objects.filter(invoice__order=order).select_related("invoice")
    return tuple(
        SlipReceipt(
            label=str(receipt),
            amount=money(receipt.amount, receipt.currency),
            issued_at=receipt.issued_at,
            url=(
                f"{admin_url(Order, 'receipt', order.pk)}?number={receipt.number}"
                if is_shown(receipt)
                else ""
            ),
        )
        for receipt in receipts.order_by("id")
    )


def receipt_response(invoice: Invoice, number: str) -> HttpResponse:
    """Return a receipt of the order of its current invoice, as a PDF in the customer's language.

    Without a number it is that of the payment. Raises Http404.
    """
    try:
        if number:
            receipt = receipt_of_order(invoice.order_id, int(number))
        else:
            receipt = receipt_of_payment(invoice.pk)
    except (Receipt.DoesNotExist, ValueError):
        raise Http404 from None
    if not is_shown(receipt):
        raise Http404
    return HttpResponse(
        receipt_pdf(content_of(receipt)),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{receipt.number}.pdf"'},
    )
