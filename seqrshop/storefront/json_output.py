"""Builds response bodies. Amounts are strings: a JSON number may lose its öre."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from orders.languages import current_language
from orders.models import (
    CustomerSession,
    Dining,
    Order,
    OrderRow,
    OrderState,
    Shop,
)
from orders.models.order import REFUNDED_STATES
from orders.services import OrderLine, lines_of
from payments import seqr
from payments.availability.messages import unavailable_message_read_with
from payments.balance import refunded_amount, refunded_units
from payments.invoices.discounts import discounts_of, total_of
from payments.models import Invoice
from payments.receipts.document import has_receipt
from seqrshop.storefront.basket_key import basket_key
from seqrshop.storefront.menu import amount, choice_details, menu_details, picture_details
from seqrshop.storefront.messages import state_texts
from seqrshop.storefront.tracking import tracker_details


def order_summary(order: Order) -> dict[str, Any]:
    """Return the response to a new order."""
    return {
        "id": str(order.public_id),
        "number": order.number,
        "state": order.state,
        "total": {"value": amount(order.total), "currency": order.currency},
        "url": reverse("order", kwargs={"public_id": order.public_id}),
    }


def order_details(invoice: Invoice, rows: Iterable[OrderRow]) -> dict[str, Any]:
    """Return everything that the customer may know about the order of this current invoice."""
    order = invoice.order
    payable = payable_reference(invoice)
    heading, message = state_texts(order, invoice)
    lines = lines_of(rows)
    is_refunded = order.state in REFUNDED_STATES
    refunded = refunded_units(invoice) if is_refunded else {}
    return {
        **order_summary(order),
        "total": {"value": amount(total_of(invoice)), "currency": order.currency},
        "rows": [
            {**_line(line), "refunded": refunded.get(line.row.pk, 0)}
            for line in lines
            if not line.row.is_tip
        ],
        "tip": next((_tip(line.row) for line in lines if line.row.is_tip), None),
        "note": order.note,
        "dining": choice_details(Dining(order.dining)) if order.dining else None,
        "discounts": [
            {"name": discount.name_in(current_language()), "total": amount(discount.amount)}
            for discount in discounts_of(invoice)
        ],
        "parameters": order.parameters,
        "ordered_at": timezone.localtime(order.created_at).isoformat(timespec="seconds"),
        "invoice_reference": _shown_reference(invoice),
        "app_url": seqr.app_url(settings.SEQR_APP_URL, payable) if payable else None,
        "ers_reference": invoice.ers_reference,
        "receipt_url": receipt_url(invoice),
        "refunded": amount(refunded_amount(invoice)) if is_refunded else None,
        **tracker_details(invoice),
        "heading": heading,
        "message": message,
    }


def _line(line: OrderLine) -> dict[str, Any]:
    row, language = line.row, current_language()
    return {
        "product": row.product_id,
        "name": row.name_in(language),
        "quantity": row.quantity,
        "unit": row.unit,
        "unit_price": amount(row.unit_price),
        "total": amount(row.total),
        "options": [
            {
                "id": option.option_id,
                "name": option.name_in(language),
                "unit_price": amount(option.unit_price),
                "total": amount(option.total),
            }
            for option in line.options
        ],
        "note": row.note,
    }


def _tip(row: OrderRow) -> dict[str, str]:
    return {"name": row.name_in(current_language()), "total": amount(row.total)}


def awaited_order(invoice: Invoice) -> dict[str, Any]:
    """Return what the menu shows of an order that the kitchen has yet to serve."""
    return {**order_summary(invoice.order), **tracker_details(invoice)}


def payable_reference(invoice: Invoice) -> str | None:
    """Return the invoice reference while the order can be paid, else None."""
    if invoice.order.state != OrderState.AWAITING_PAYMENT:
        return None
    return _shown_reference(invoice)


def return_page_details(invoice: Invoice) -> dict[str, Any]:
    """Return what the holder of the order's return key may know: nothing personal."""
    order = invoice.order
    heading, message = state_texts(order, invoice)
    return {
        "number": order.number,
        "state": order.state,
        "total": {"value": amount(total_of(invoice)), "currency": order.currency},
        "heading": heading,
        "message": message,
        "receipt_url": receipt_url(invoice),
        **tracker_details(invoice),
    }


def receipt_url(invoice: Invoice) -> str | None:
    """Return the address of the order's receipt, or None; with `.pdf` appended, of its PDF.

    The address holds the return key: a link carries no header, and a web view may keep no cookie.
    """
    if not has_receipt(invoice):
        return None
    return reverse("receipt", kwargs={"return_key": invoice.order.return_key})


def _shown_reference(invoice: Invoice) -> str | None:
    """Return the invoice reference, or None where the payment must not be started any more."""
    is_cancelling = invoice.is_open and invoice.cancel_reason
    if invoice.order.state == OrderState.CANCEL_PENDING or is_cancelling:
        return None
    return invoice.invoice_reference


def session_details(
    session: CustomerSession,
    shop: Shop,
    *,
    open_order: dict[str, Any] | None,
    latest_order: dict[str, Any] | None,
    awaited_orders: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return what the order page needs.

    `shop` is the session's, of `shop_with_availability_at`; the orders are with details.
    """
    return {
        "parameters": session.parameters,
        "shop": _shop(shop),
        **menu_details(shop),
        "unavailable_message": unavailable_message_read_with(shop),
        "basket_key": basket_key(session),
        "order": open_order,
        "latest_order": latest_order,
        "awaited_orders": awaited_orders,
    }


def _shop(shop: Shop) -> dict[str, Any]:
    return {
        "name": shop.name,
        "slug": shop.slug,
        "currency": shop.currency,
        "accent": shop.accent,
        "on_accent": shop.on_accent,
        "logo": picture_details(shop.logo, shop.name),
        "dining": [choice_details(each) for each in Dining] if shop.asks_dining else [],
        "tip_percentages": [str(each) for each in shop.tip_percentages],
    }
