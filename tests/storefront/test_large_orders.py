"""The sum of an order has a limit: that of its column, which no shop reaches."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.models import Order, Product
from tests.storefront.conftest import JsonClient
from tests.storefront.order_requests import order, refusal, row

pytestmark = pytest.mark.django_db


def test_sum_above_the_limit_is_refused(customer: JsonClient, bun: Product) -> None:
    Product.objects.filter(pk=bun.pk).update(price=Decimal("200000.00"))

    response = order(customer, row(bun, quantity=500))

    assert refusal(response) == ("rows", "The order is too large.")


def test_sum_below_the_limit_is_accepted(customer: JsonClient, bun: Product) -> None:
    Product.objects.filter(pk=bun.pk).update(price=Decimal("199999.99"))

    response = order(customer, row(bun, quantity=500))

    assert response.status_code == 201
    assert Order.objects.get().total == Decimal("99999995.00")
