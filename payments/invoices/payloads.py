"""Builds the invoices that the shop sends to SEQR."""

from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext, override

from orders.models import Order
from orders.services import rows_of
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
    return tuple(
        seqr.InvoiceRow(
            item_description=row.name_in(order.language),
            item_quantity=Decimal(row.quantity),
            item_unit=row.unit,
            item_unit_price=seqr.Amount(row.unit_price, order.currency),
            item_tax_rate=row.vat_rate,
            item_sku=row.sku or None,
            item_total_amount=seqr.Amount(row.total, order.currency),
        )
        for row in rows_of(order)
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
