"""Whether a customer eats here or takes the food away, and the VAT that follows from it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.models import OptionGroup, Order, Product, Shop
from tests.storefront.conftest import JsonClient
from tests.storefront.order_requests import order, refusal, row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("dining", "rate"), [("eat_here", "12.00"), ("take_away", "6.00")])
def test_dining_decides_the_vat_and_not_the_price(
    customer: JsonClient, latte: Product, milk: OptionGroup, dining: str, rate: str
) -> None:
    Shop.objects.update(asks_dining=True)
    Product.objects.update(take_away_vat_rate=Decimal("6.00"))

    url = order(customer, row(latte, "Oat milk"), dining=dining, total="50.00").json()["url"]

    placed = Order.objects.get()
    assert placed.dining == customer.get(url).json()["dining"]["key"] == dining
    assert {each.vat_rate for each in placed.rows.all()} == {Decimal(rate)}


def test_product_without_take_away_rate_keeps_its_own(customer: JsonClient, bun: Product) -> None:
    Shop.objects.update(asks_dining=True)

    order(customer, row(bun), dining="take_away")

    assert Order.objects.get().rows.get().vat_rate == Decimal("12.00")


@pytest.mark.parametrize("dining", [None, "", "eat", "EAT_HERE", 1, True, ["eat_here"], {}])
def test_missing_or_unknown_dining_is_named(
    customer: JsonClient, bun: Product, dining: object
) -> None:
    Shop.objects.update(asks_dining=True)

    assert refusal(order(customer, row(bun), dining=dining)) == (
        "dining",
        "Choose whether to eat here or take away.",
    )


def test_dining_that_the_shop_does_not_ask_is_named(customer: JsonClient, bun: Product) -> None:
    response = order(customer, row(bun), dining="eat_here")

    assert refusal(response) == (
        "dining",
        "This shop no longer asks whether you eat here or take away.",
    )
