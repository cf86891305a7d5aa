"""Purchases of Instant Checkout, as SEQR posts them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from orders.models import (
    Customer,
    Delivery,
    Order,
    Product,
    Shop,
)
from payments.models import Invoice
from tests.storefront.conftest import JsonClient

CUSTOMER = {
    "clientName": "Åsa Ek",
    "street": "Storgatan 1",
    "city": "Umeå",
    "country": "Sweden",
    "state": "",
    "zip": "903 25",
    "email": "asa@example.com",
    "msisdn": "46701234567",
}


def address_of(shop: Shop) -> str:
    """Return the shop's createPurchase address, without its host."""
    return reverse(
        "create_purchase", kwargs={"slug": shop.slug, "secret": shop.instant_checkout_key}
    )


def purchase_of(product: Product, **fields: object) -> dict[str, object]:
    """Return what SEQR posts for a product."""
    return {"purchaseToken": product.purchase_token, **CUSTOMER, **fields}


def post(product: Product, **fields: object) -> Any:
    """Post a purchase as SEQR does; return the response."""
    return JsonClient().send(address_of(product.shop), purchase_of(product, **fields))


def bought(product: Product, **fields: object) -> Invoice:
    """Post a purchase; return the invoice of the answer."""
    response = post(product, **fields)
    assert response.status_code == 200, response.content
    assert list(response.json()) == ["invoiceReferenceId"]
    return Invoice.objects.get(invoice_reference=response.json()["invoiceReferenceId"])


def counts() -> tuple[int, int, int, int]:
    """Return how many customers, orders, invoices and deliveries there are."""
    return (
        Customer.objects.count(),
        Order.objects.count(),
        Invoice.objects.count(),
        Delivery.objects.count(),
    )
