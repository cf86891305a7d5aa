"""A repeated request for an order with options, and another attempt to pay it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orders.models import CustomerSession, Option, OptionGroup, Order, Product, Shop
from payments.models import Invoice
from tests.storefront.conftest import JsonClient
from tests.storefront.order_requests import order, row

pytestmark = pytest.mark.django_db


def test_repeated_nonce_with_the_same_contents_returns_the_order(
    customer: JsonClient, latte: Product, milk: OptionGroup, extras: OptionGroup
) -> None:
    Shop.objects.update(asks_dining=True, tip_percentages=[5])
    contents = {"note": "outside", "dining": "take_away", "tip": "4.50"}
    first = order(customer, row(latte, "Oat milk", "Shot", note="warm"), **contents)
    Shop.objects.update(asks_dining=False, tip_percentages=[])
    Option.objects.update(sold_out=True)

    second = order(customer, row(latte, "Shot", "Oat milk", note=" warm\n"), **contents)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


@pytest.mark.parametrize(
    "change",
    [
        {"note": "inside"},
        {"dining": "eat_here"},
        {"tip": "4.51"},
        {"tip": None},
        {"rows": ("Oat milk", 1, "warm")},
        {"rows": ("Oat milk", 2, "hot")},
        {"rows": ("Cow's milk", 2, "warm")},
    ],
    ids=str,
)
def test_repeated_nonce_with_other_contents_is_a_conflict(
    customer: JsonClient, latte: Product, milk: OptionGroup, change: dict[str, Any]
) -> None:
    Shop.objects.update(asks_dining=True, tip_percentages=[5])
    contents: dict[str, Any] = {"note": "outside", "dining": "take_away", "tip": "4.50"}
    order(customer, row(latte, "Oat milk", quantity=2, note="warm"), **contents)
    name, quantity, note = change.pop("rows", ("Oat milk", 2, "warm"))

    again = order(customer, row(latte, name, quantity=quantity, note=note), **(contents | change))

    assert (again.status_code, again.json()["error"]) == (409, "nonce_reused")


def test_order_whose_option_has_sold_out_cannot_be_paid_again(
    customer: JsonClient,
    customer_session: CustomerSession,
    latte: Product,
    milk: OptionGroup,
) -> None:
    Shop.objects.update(tip_percentages=[5])
    url = order(customer, row(latte, "Oat milk"), tip="4.50").json()["url"]
    Order.objects.update(state="canceled")
    Invoice.objects.update(status="CANCELED", cancel_reason="customer")
    Option.objects.filter(name_en="Oat milk").update(sold_out=True)

    refused = customer.send(f"{url}/pay")
    Option.objects.filter(name_en="Oat milk").update(sold_out=False)
    accepted = customer.send(f"{url}/pay")

    assert (refused.status_code, refused.json()["message"]) == (409, "Oat milk is sold out.")
    assert accepted.status_code == 200
    assert Invoice.objects.latest("id").amount == Decimal("54.50")
