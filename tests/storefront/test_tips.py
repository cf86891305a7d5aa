"""Tips: a row of the order without VAT, at most as large as the goods."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.models import Order, Product, RowKind, Shop
from payments.models import Invoice
from tests.storefront.conftest import JsonClient
from tests.storefront.order_requests import order, refusal, row

pytestmark = pytest.mark.django_db


def test_tip_is_a_row_without_vat(customer: JsonClient, bun: Product) -> None:
    Shop.objects.update(tip_percentages=[5, 10])

    url = order(customer, row(bun), tip="4.50", total="49.50").json()["url"]

    tip = Order.objects.get().rows.get(kind=RowKind.TIP)
    shown = customer.get(url, headers={"Accept-Language": "sv"}).json()
    assert (tip.total, tip.vat_rate) == (Decimal("4.50"), Decimal(0))
    assert (tip.quantity, tip.product) == (1, None)
    assert Invoice.objects.get().amount == Decimal("49.50")
    assert shown["tip"] == {"name": "Dricks", "total": "4.50"}
    assert [each["name"] for each in shown["rows"]] == ["Kanelbulle"]


@pytest.mark.parametrize("tip", [None, "0.00"])
def test_no_tip_is_no_row(customer: JsonClient, bun: Product, tip: str | None) -> None:
    order(customer, row(bun), tip=tip, total="45.00")

    assert Order.objects.get().rows.count() == 1


@pytest.mark.parametrize(
    "tip", ["-5.00", "5", 5, 5.0, "5,00", "1e2", "NaN", "", True, [], "999999999.00"]
)
def test_tip_that_is_no_amount_is_named(customer: JsonClient, bun: Product, tip: object) -> None:
    Shop.objects.update(tip_percentages=[5])

    assert refusal(order(customer, row(bun), tip=tip))[0] == "tip"


def test_tip_above_the_goods_is_named(customer: JsonClient, bun: Product) -> None:
    Shop.objects.update(tip_percentages=[5])

    field, message = refusal(order(customer, row(bun), tip="45.01"))

    assert field == "tip"
    assert "45.00" in message
    assert order(customer, row(bun), tip="45.00").status_code == 201


def test_tip_where_the_shop_takes_none_is_named(customer: JsonClient, bun: Product) -> None:
    assert refusal(order(customer, row(bun), tip="4.50")) == (
        "tip",
        "This shop does not take tips.",
    )
