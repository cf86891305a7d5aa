"""Builds the invoices that the shop sends to SEQR."""

from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext, override

from orders.models import Order, OrderRow
from orders.services import OrderLine, lines_of, rows_of
from payments import seqr
from payments.callback_urls import back_url, notification_url
from payments.invoices.discounts import discounts_of
from payments.models import Invoice, Refund


def invoice_payload(invoice: Invoice) -> seqr.Invoice:
    """Return sendInvoice's and updateInvoice's invoice, in the customer's language.

    Its addresses are built on PUBLIC_BASE_URL. The footer carries the order's number, which so
    appears on the receipt in the app. With a LOYALTY_HOOK, SEQR sends the customer's cards; the
    acknowledgment is optional, so that a customer who does not wait may still pay.
    """
    order = invoice.order
    with override(order.language):
        footer = gettext("Order %(number)s") % {"number": order.number}
    return seqr.Invoice(
        title=order.shop.name,
        client_invoice_id=invoice.client_invoice_id,
        issue_date=invoice.created_at,
        rows=(*_rows(order), *_discount_rows(invoice)),
        total_amount=seqr.Amount(invoice.amount, invoice.currency),
        cashier_id=order.shop.slug,
        footer=footer,
        notification_url=notification_url(invoice.notify_key),
        back_url=back_url(order.return_key),
        acknowledgment_mode=(
            seqr.AcknowledgmentMode.OPTIONAL_ACKNOWLEDGMENT
            if settings.LOYALTY_HOOK
            else seqr.AcknowledgmentMode.NO_ACKNOWLEDGMENT
        ),
    )


def refund_payload(refund: Refund) -> seqr.Invoice:
    """Return refundPayment's invoice: one row with the refunded amount."""
    order = refund.invoice.order
    with override(order.language):
        description = gettext("Refund of order %(number)s") % {"number": order.number}
    amount = seqr.Amount(refund.amount, refund.currency)
    return seqr.Invoice(
        title=order.shop.name,
        client_invoice_id=f"{refund.invoice.client_invoice_id}-R{refund.pk}",
        issue_date=refund.created_at,
        rows=(seqr.InvoiceRow(description, Decimal(1), amount),),
        total_amount=amount,
        cashier_id=order.shop.slug,
        footer=description,
        notification_url=None,
        back_url=None,
    )


def _rows(order: Order) -> tuple[seqr.InvoiceRow, ...]:
    """Return the rows of an order: each product, its options that cost something, and the tip."""
    return tuple(row for line in lines_of(rows_of(order)) for row in line_rows(line, order))


def line_rows(line: OrderLine, order: Order) -> list[seqr.InvoiceRow]:
    """Return SEQR's rows of one product or of the tip.

    Options without a price are named in the product's description. A row over 0.00 would be one
    that the customer does not need, and that SEQR may refuse as an amount.
    """
    language = order.language
    free = [option.name_in(language) for option in line.options if not option.total]
    description = line.row.name_in(language) + (f" ({', '.join(free)})" if free else "")
    return [
        _row(line.row, description, order),
        *(
            _row(option, f"+ {option.name_in(language)}", order)
            for option in line.options
            if option.total
        ),
    ]


def _row(row: OrderRow, description: str, order: Order) -> seqr.InvoiceRow:
    return seqr.InvoiceRow(
        item_description=description,
        item_quantity=Decimal(row.quantity),
        item_unit=row.unit,
        item_unit_price=seqr.Amount(row.unit_price, order.currency),
        item_tax_rate=row.vat_rate,
        item_sku=row.sku or None,
        item_total_amount=seqr.Amount(row.total, order.currency),
    )


def _discount_rows(invoice: Invoice) -> tuple[seqr.InvoiceRow, ...]:
    return tuple(
        seqr.InvoiceRow(
            item_description=discount.name_in(invoice.order.language),
            item_quantity=Decimal(1),
            item_tax_rate=discount.vat_rate,
            item_total_amount=seqr.Amount(discount.amount, invoice.currency),
        )
        for discount in discounts_of(invoice)
    )
