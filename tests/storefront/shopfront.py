"""A shop with one of everything readable, and the addresses of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from orders.models import CustomerSession, Order, Picture
from payments.models import Invoice
from tests.factories import (
    CustomerSessionFactory,
    InvoiceFactory,
    OrderFactory,
    OrderRowFactory,
    PictureFactory,
    ProductFactory,
    ShopFactory,
)

TOKEN = "0000002012-63506374"


@dataclass(frozen=True)
class Shopfront:
    """A shop, a customer, an order to pay and a paid one."""

    customer_session: CustomerSession
    to_pay: Invoice
    paid: Invoice
    picture: Picture

    def customer(self) -> Client:
        """Return a client that sends the customer's token."""
        return Client(headers={"X-SEQR-Token": TOKEN})

    def readable(self) -> dict[str, str]:
        """Return an address for each URL name that responds to GET."""
        slug = self.customer_session.shop.slug
        key, order = self.paid.order.return_key, f"/orders/{self.paid.order.public_id}"
        return {
            **{f"{page}_page": f"/{slug}/{page}" for page in PAGES},
            "start_page": "/",
            "my_orders_page": f"/{slug}/my-orders",
            "my_orders": f"/{slug}/my-orders.json",
            "manifest": f"/{slug}/manifest.webmanifest",
            "order": order,
            "order_events": f"{order}/events",
            "order_qr": f"/orders/{self.to_pay.order.public_id}/qr",
            "order_receipt": f"{order}/receipt",
            "order_receipt_pdf": f"{order}/receipt.pdf",
            "return_page": f"/return/{key}",
            "return_events": f"/return/{key}/events",
            "return_state": f"/return/{key}.json",
            "receipt": f"/return/{key}/receipt",
            "receipt_pdf": f"/return/{key}/receipt.pdf",
            "receipt_by_number": f"/return/{key}/receipts/1",
            "receipt_pdf_by_number": f"/return/{key}/receipts/1.pdf",
            "receipt_mail_state": "/receipt-mails/unknown",
            "picture": f"/pictures/{self.picture.digest}.webp",
            "accent": "/accents/7a3412.css",
            "privacy": f"/{slug}/privacy",
        }


PAGES = ("order", "success", "failure", "cancel")
WRITE_ONLY = {
    "session",
    "orders",
    "pay_order",
    "cancel_order",
    "notify",
    "receipt_mail",
    "create_purchase",
}


def open_shopfront() -> Shopfront:
    """Create the shop and its orders."""
    shop = ShopFactory.create(name="Kafé Lyktan", slug="lyktan")
    picture = PictureFactory.create()
    ProductFactory.create(shop=shop, shown=True, picture=picture)
    customer_session = CustomerSessionFactory.create(shop=shop, token=TOKEN)
    to_pay, paid = _order(customer_session, "awaiting_payment"), _order(customer_session, "paid")
    return Shopfront(
        customer_session,
        to_pay=InvoiceFactory.create(order=to_pay, issued=True),
        paid=InvoiceFactory.create(order=paid, paid=True),
        picture=picture,
    )


def _order(customer_session: CustomerSession, state: str) -> Order:
    order = OrderFactory.create(
        shop=customer_session.shop, customer=customer_session.customer, state=state
    )
    OrderRowFactory.create(order=order)
    return order


def url_names() -> set[str]:
    """Return all URL names but the admin's."""
    return set(_names(get_resolver().url_patterns))


def signed_in() -> Client:
    """Return a client that is signed in to the admin."""
    client = Client()
    client.force_login(User.objects.create_superuser("staff"))
    return client


def _names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield str(pattern.name)
        elif pattern.namespace is None:
            yield from _names(pattern.url_patterns)
