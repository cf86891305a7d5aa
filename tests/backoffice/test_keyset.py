"""The rows that follow a row in a list's order, also where values are equal or missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import QuerySet

from orders.models import Order, OrderState
from seqrshop.backoffice.keyset import following, reverse
from tests.factories import CustomerFactory, OrderFactory, ShopFactory

pytestmark = pytest.mark.django_db

SERVED_AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture
def orders() -> QuerySet[Order]:
    """Orders that were served at three times, two of them each, and two that were not."""
    shop, customer = ShopFactory.create(), CustomerFactory.create()
    for minutes in (5, None, 0, 10, 0, None, 10, 5):
        served_at = None if minutes is None else SERVED_AT + timedelta(minutes=minutes)
        state = OrderState.PAID if served_at is None else OrderState.SERVED
        OrderFactory.create(shop=shop, customer=customer, state=state, served_at=served_at)
    return Order.objects.all()


@pytest.mark.parametrize(
    "ordering",
    [
        ["id"],
        ["-id"],
        ["served_at", "id"],
        ["served_at", "-id"],
        ["-served_at", "id"],
        ["-served_at", "-id"],
        ["state", "-served_at", "id"],
    ],
    ids=str,
)
def test_rows_that_follow_each_row_are_the_rest_of_the_list(
    orders: QuerySet[Order], ordering: list[str]
) -> None:
    fields = [name.removeprefix("-") for name in ordering]
    listed = list(orders.order_by(*ordering))

    for number, order in enumerate(listed):
        anchor = [getattr(order, field) for field in fields]
        rest = following(orders, ordering, anchor).order_by(*ordering)

        assert list(rest) == listed[number + 1 :]


def test_reverse_order_turns_each_field() -> None:
    assert reverse(["-served_at", "id"]) == ["served_at", "-id"]
