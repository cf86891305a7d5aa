"""Errors of orders that cannot be created, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from orders.models import CustomerSession, Order, Product
from payments.models import Invoice
from tests.conftest import TOKEN
from tests.factories import InvoiceFactory, ShopFactory
from tests.storefront.conftest import JsonClient

NONCE = "nonce-of-this-order"
LARGE = "x" * 100_000


@dataclass(frozen=True)
class OrderClient:
    """Orders buns as a customer."""

    customer: JsonClient
    bun: Product

    def order(self, rows: Any = None, path: str = "/lyktan/orders", **more: Any) -> Any:
        """Order one bun, or these rows."""
        rows = [{"product": self.bun.pk, "quantity": 1}] if rows is None else rows
        return self.customer.send(path, {"nonce": NONCE, "rows": rows, **more})

    def buns(self, quantity: int) -> Any:
        """Order this quantity of buns."""
        return self.order([{"product": self.bun.pk, "quantity": quantity}])


def sold_out(orders: OrderClient) -> Any:
    Product.objects.update(sold_out=True)
    return orders.order()


def off_sale(orders: OrderClient) -> Any:
    Product.objects.update(on_sale=False)
    return orders.order()


def price_changed(orders: OrderClient) -> Any:
    Product.objects.update(price="48.00")
    return orders.order(total="45.00")


def another_shop(orders: OrderClient) -> Any:
    ShopFactory.create(slug="baren")
    return orders.order(path="/baren/orders")


def malformed_token(orders: OrderClient) -> Any:
    return orders.customer.send("/lyktan/session", {"token": "<script>"})


def another_customers_order(orders: OrderClient) -> Any:
    theirs = InvoiceFactory.create(order__shop=orders.bun.shop, issued=True)
    return orders.customer.send(f"/orders/{theirs.order.public_id}/cancel")


QUANTITY = (
    "The quantity must be a whole number from 1 to 999.",
    "Antalet måste vara ett heltal från 1 till 999.",
)
ENDED = (
    "This link has expired. Scan the code again.",
    "Länken gäller inte längre. Skanna koden igen.",
)
ANSWERS: dict[str, tuple[Callable[[OrderClient], Any], int, str | None, tuple[str, str]]] = {
    "nothing": (
        lambda orders: orders.order([]),
        400,
        "rows",
        ("Choose at least one product.", "Välj minst en produkt."),
    ),
    "none": (lambda orders: orders.buns(0), 400, "rows[0].quantity", QUANTITY),
    "less than none": (lambda orders: orders.buns(-1), 400, "rows[0].quantity", QUANTITY),
    "a million": (lambda orders: orders.buns(1_000_000), 400, "rows[0].quantity", QUANTITY),
    "something unknown": (
        lambda orders: orders.order([{"product": 999_999_999, "quantity": 1}]),
        400,
        "rows[0].product",
        ("This product is not for sale here.", "Den här produkten säljs inte här."),
    ),
    "what is sold out": (
        sold_out,
        400,
        "rows[0].product",
        ("Cinnamon bun is sold out.", "Kanelbulle är slut."),
    ),
    "what is sold no more": (
        off_sale,
        400,
        "rows[0].product",
        ("Cinnamon bun is no longer for sale.", "Kanelbulle säljs inte längre."),
    ),
    "another price": (
        price_changed,
        409,
        None,
        (
            "The prices have changed: the total was SEK\xa045.00 and is now SEK\xa048.00. "
            "Order again to accept it.",
            "Priserna har ändrats: summan var 45,00\xa0kr och är nu 48,00\xa0kr. "
            "Beställ igen för att godkänna den.",
        ),
    ),
    "too much at once": (
        lambda orders: orders.order(note=LARGE),
        413,
        None,
        ("The request is too large.", "Anropet är för stort."),
    ),
    "at another shop": (
        another_shop,
        401,
        None,
        (
            "You have scanned the code of another shop.",
            "Du har skannat koden till en annan butik.",
        ),
    ),
    "with what is no token": (malformed_token, 401, None, ENDED),
    "another's order": (
        another_customers_order,
        404,
        None,
        ("We couldn't find this page.", "Vi hittade inte sidan."),
    ),
}


@pytest.mark.parametrize(("language", "at"), [("en", 0), ("sv", 1)])
@pytest.mark.parametrize("what", ANSWERS)
def test_error_names_field_and_reason_and_nothing_is_created(
    customer_session: CustomerSession, bun: Product, what: str, language: str, at: int
) -> None:
    send, status, field, messages = ANSWERS[what]
    customer = JsonClient(TOKEN)
    customer.defaults["HTTP_ACCEPT_LANGUAGE"] = language

    response = send(OrderClient(customer, bun))

    assert (response.status_code, response.json().get("field")) == (status, field)
    assert response.json()["message"] == messages[at]
    assert not Order.objects.filter(customer=customer_session.customer).exists()
    assert not Invoice.objects.filter(order__customer=customer_session.customer).exists()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This order has already been placed, with other contents."),
        ("sv", "Den här beställningen är redan gjord, med annat innehåll."),
    ],
)
def test_reused_nonce_returns_its_order(
    customer_session: CustomerSession, bun: Product, language: str, sentence: str
) -> None:
    customer = JsonClient(TOKEN)
    customer.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    created = OrderClient(customer, bun).buns(1).json()

    response = OrderClient(customer, bun).buns(2)

    assert (response.status_code, response.json()["error"]) == (409, "nonce_reused")
    assert response.json()["message"] == sentence
    assert response.json()["order"]["id"] == created["id"]
    assert Order.objects.count() == 1
