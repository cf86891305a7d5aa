"""The shop's things as JSON. Amounts are texts, since a number might lose its öre on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from orders.models import Category, CustomerSession, Order, OrderState, Picture, Product, Shop
from orders.services import products_shown
from payments import seqr
from payments.availability.messages import closed_message
from payments.invoices.create import current_invoice
from payments.invoices.discounts import discounts_of, total_of
from payments.models import Invoice
from payments.receipts.document import has_receipt
from seqrshop.storefront.messages import state_heading, state_message


def amount(value: Decimal) -> str:
    """Return an amount in major units with its two decimals."""
    return f"{value:.2f}"


def orders_with_details() -> QuerySet[Order]:
    """Return all orders, to be fetched with what `order_details` reads."""
    return Order.objects.select_related("shop").prefetch_related("rows", "invoices")


def order_summary(order: Order) -> dict[str, Any]:
    """Return what the answer to a new order says of it."""
    return {
        "id": str(order.public_id),
        "number": order.number,
        "state": order.state,
        "total": {"value": amount(order.total), "currency": order.currency},
        "url": reverse("order", kwargs={"public_id": order.public_id}),
    }


def order_details(order: Order) -> dict[str, Any]:
    """Return all that its customer may know of an order."""
    invoice = current_invoice(order)
    payable = payable_reference(order, invoice)
    return {
        **order_summary(order),
        "total": {"value": amount(total_of(invoice)), "currency": order.currency},
        "rows": [
            {
                "product": row.product_id,
                "name": row.name_in(get_language() or "en"),
                "quantity": row.quantity,
                "unit": row.unit,
                "unit_price": amount(row.unit_price),
                "total": amount(row.total),
            }
            for row in order.rows.all()
        ],
        "discounts": [
            {"name": each.name_in(get_language() or "en"), "total": amount(each.amount)}
            for each in discounts_of(invoice)
        ],
        "parameters": order.parameters,
        "ordered_at": timezone.localtime(order.created_at).isoformat(timespec="seconds"),
        "invoice_reference": _shown_reference(order, invoice),
        "app_url": seqr.app_url(settings.SEQR_APP_URL, payable) if payable else None,
        "ers_reference": invoice.ers_reference,
        "receipt_url": receipt_url(order),
        "message": state_message(order, invoice),
    }


def payable_reference(order: Order, invoice: Invoice) -> str | None:
    """Return the reference that the order can be paid by now, or None."""
    if order.state != OrderState.AWAITING_PAYMENT:
        return None
    return _shown_reference(order, invoice)


def return_page_details(order: Order) -> dict[str, Any]:
    """Return what whoever has the order's return key may know of it: nothing personal."""
    invoice = current_invoice(order)
    return {
        "number": order.number,
        "state": order.state,
        "total": {"value": amount(total_of(invoice)), "currency": order.currency},
        "heading": state_heading(order),
        "message": state_message(order, invoice),
        "receipt_url": receipt_url(order),
    }


def receipt_url(order: Order) -> str | None:
    """Return where the order's receipt is, for anybody who has the address; its PDF, with `.pdf`.

    By the return key, since a link can carry no header and a web view may keep no cookie.
    """
    if not has_receipt(current_invoice(order)):
        return None
    return reverse("receipt", kwargs={"return_key": order.return_key})


def _shown_reference(order: Order, invoice: Invoice) -> str | None:
    """Return the reference, but for one whose payment nobody should start any more."""
    if order.state == OrderState.CANCEL_PENDING or (invoice.is_open and invoice.cancel_reason):
        return None
    return invoice.invoice_reference


def session_details(
    session: CustomerSession,
    shop: Shop,
    *,
    open_order: Order | None,
    latest_order: Order | None,
) -> dict[str, Any]:
    """Return what the page needs to let a customer order. `service` is the session's own."""
    products = list(products_shown(shop))
    categories = {product.category: None for product in products if product.category}
    return {
        "parameters": session.parameters,
        "shop": _shop(shop),
        "categories": [_category(category) for category in categories],
        "products": [_product(product) for product in products],
        "unavailable_message": closed_message(shop),
        "order": order_details(open_order) if open_order else None,
        "latest_order": order_details(latest_order) if latest_order else None,
    }


def product_with_price(product: Product) -> dict[str, Any]:
    """Return what a product is called and what one of it costs now."""
    return {
        "id": product.pk,
        "name": product.name_in(get_language() or "en"),
        "price": amount(product.price),
        "unit": product.unit,
    }


def _product(product: Product) -> dict[str, Any]:
    alt = product.picture_alt_in(get_language() or "en")
    return {
        **product_with_price(product),
        "category": product.category_id,
        "sold_out": product.sold_out,
        "picture": _picture(product.picture, alt) if product.picture else None,
    }


def _category(category: Category) -> dict[str, Any]:
    return {"id": category.pk, "name": category.name_in(get_language() or "en")}


def _shop(shop: Shop) -> dict[str, Any]:
    return {
        "name": shop.name,
        "slug": shop.slug,
        "currency": shop.currency,
        "accent": shop.accent,
        "on_accent": shop.on_accent,
        "logo": _picture(shop.logo, shop.name) if shop.logo else None,
    }


def _picture(picture: Picture, alt: str) -> dict[str, Any]:
    return {"url": picture.url, "alt": alt, "width": picture.width, "height": picture.height}
