"""The invoice as SEQR gets it."""

import secrets
from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, override

from orders.clock import database_now
from orders.models import Order, Service
from payments import seqr
from payments.models import Invoice, PayingStop, Refund
from payments.services.discount import discounts_of


def invoice_message(invoice: Invoice) -> seqr.Invoice:
    """Return sendInvoice's and updateInvoice's invoice, in the customer's language.

    Its addresses are built on PUBLIC_BASE_URL; the footer carries the order's number, since the
    receipt in the app is what the customer keeps. With a LOYALTY_HOOK, SEQR sends us the
    customer's cards; optional, so that who does not wait for our answer may still pay.
    """
    order = invoice.order
    with override(order.language):
        footer = gettext("Order %(number)s") % {"number": order.number}
    return seqr.Invoice(
        title=order.service.name,
        client_invoice_id=invoice.client_invoice_id,
        issue_date=invoice.created_at,
        rows=(*_rows(order), *_discount_rows(invoice)),
        total_amount=seqr.Amount(invoice.amount, invoice.currency),
        cashier_id=order.service.slug,
        footer=footer,
        notification_url=_address("notify", secret=invoice.notify_key),
        back_url=_address("back", return_key=order.return_key),
        acknowledgment_mode=(
            seqr.AcknowledgmentMode.OPTIONAL_ACKNOWLEDGMENT
            if settings.LOYALTY_HOOK
            else seqr.AcknowledgmentMode.NO_ACKNOWLEDGMENT
        ),
    )


def refund_message(refund: Refund) -> seqr.Invoice:
    """Return refundPayment's invoice: one row with what goes back, and why."""
    order = refund.invoice.order
    with override(order.language):
        description = gettext("Refund of order %(number)s") % {"number": order.number}
    amount = seqr.Amount(refund.amount, refund.currency)
    return seqr.Invoice(
        title=order.service.name,
        client_invoice_id=f"{refund.invoice.client_invoice_id}-R{refund.pk}",
        issue_date=refund.created_at,
        rows=(seqr.InvoiceRow(description, Decimal(1), amount),),
        total_amount=amount,
        cashier_id=order.service.slug,
        footer=description,
        notification_url=None,
        back_url=None,
    )


def probe_message(stop: PayingStop) -> seqr.Invoice:
    """Return a probe's invoice: like a customer's, over 1.00, its addresses leading to no order."""
    service = Service.objects.earliest("pk")
    amount = seqr.Amount(Decimal("1.00"), service.currency)
    title = "Check of the settings, not to be paid"
    return seqr.Invoice(
        title=title,
        client_invoice_id=f"check-{stop.pk}-{stop.probes}",
        issue_date=database_now(),
        rows=(seqr.InvoiceRow(title, Decimal(1), amount),),
        total_amount=amount,
        cashier_id=service.slug,
        footer=title,
        notification_url=_address("notify", secret=secrets.token_urlsafe(24)),
        back_url=_address("back", return_key=secrets.token_urlsafe(24)),
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
        for row in order.rows.all()
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


def _address(name: str, **parts: str) -> str:
    return f"{settings.PUBLIC_BASE_URL}{reverse(name, kwargs=parts)}"
