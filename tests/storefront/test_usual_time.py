"""The shop's usual time from the payment to the order that is ready."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Order, OrderState, Shop
from orders.query_plans import planned_by_index
from payments.models import InvoiceStatus
from seqrshop.storefront.usual_time import UsualTimes
from tests.factories import InvoiceFactory, OrderFactory, ShopFactory

pytestmark = pytest.mark.django_db

Ready = Callable[..., Order]


@pytest.fixture
def ready(cafe: Shop) -> Ready:
    """Create an order that took so many minutes, and became ready so long ago."""

    def create(minutes: float, ago: timedelta = timedelta(0), shop: Shop = cafe) -> Order:
        ready_at = timezone.now() - ago
        order = OrderFactory.create(shop=shop, state=OrderState.READY, ready_at=ready_at)
        paid_at = ready_at - timedelta(minutes=minutes)
        InvoiceFactory.create(order=order, paid=True, paid_at=paid_at)
        return order

    return create


def minutes_of(shop: Shop) -> int | None:
    return UsualTimes().minutes(shop.pk)


def test_usual_time_is_the_median_in_minutes_rounded_up(cafe: Shop, ready: Ready) -> None:
    for minutes in (2, 7.5, 3, 60, 9):
        ready(minutes)

    assert minutes_of(cafe) == 8


def test_usual_time_is_of_the_latest_twenty_orders(cafe: Shop, ready: Ready) -> None:
    for number in range(20):
        ready(4, ago=timedelta(minutes=number))
    for number in range(30):
        ready(40, ago=timedelta(hours=1, minutes=number))

    assert minutes_of(cafe) == 4


def test_usual_time_is_at_least_a_minute(cafe: Shop, ready: Ready) -> None:
    for _ in range(5):
        ready(0)

    assert minutes_of(cafe) == 1


def test_fewer_than_five_orders_show_no_usual_time(cafe: Shop, ready: Ready) -> None:
    for _ in range(4):
        ready(5)

    assert minutes_of(cafe) is None


def test_orders_of_days_ago_show_no_usual_time(cafe: Shop, ready: Ready) -> None:
    for _ in range(4):
        ready(5)
    ready(5, ago=timedelta(days=3, minutes=1))

    assert minutes_of(cafe) is None


def test_shop_that_records_ready_long_afterwards_has_no_usual_time(
    cafe: Shop, ready: Ready
) -> None:
    for _ in range(5):
        ready(300)

    assert minutes_of(cafe) is None


def test_orders_of_another_shop_do_not_count(cafe: Shop, ready: Ready) -> None:
    bar = ShopFactory.create()
    for _ in range(5):
        ready(5)
        ready(20, shop=bar)

    assert (minutes_of(cafe), minutes_of(bar)) == (5, 20)


def test_duplicate_payment_of_a_ready_order_does_not_count(cafe: Shop, ready: Ready) -> None:
    for _ in range(5):
        order = ready(6)
        paid_at = timezone.now() - timedelta(minutes=1)
        InvoiceFactory.create(
            order=order, attempt=2, paid=True, paid_at=paid_at, status=InvoiceStatus.DUPLICATE
        )

    assert minutes_of(cafe) == 6


def test_undone_step_is_no_longer_counted(cafe: Shop, ready: Ready) -> None:
    orders = [ready(5) for _ in range(5)]

    Order.objects.filter(pk=orders[0].pk).update(
        state=OrderState.PREPARING, preparing_at=timezone.now(), ready_at=None
    )

    assert minutes_of(cafe) is None


def test_usual_time_is_read_once_a_minute(
    cafe: Shop, ready: Ready, django_assert_num_queries: Any
) -> None:
    now = [1000.0]
    times = UsualTimes(clock=lambda: now[0])
    for _ in range(5):
        ready(5)

    with django_assert_num_queries(1):
        first = [times.minutes(cafe.pk) for now[0] in (1000.0, 1059.9)]
    for _ in range(15):
        ready(9)
    with django_assert_num_queries(1):
        later = [times.minutes(cafe.pk) for now[0] in (1060.0, 1061.0)]

    assert (first, later) == ([5, 5], [9, 9])


def test_usual_time_is_read_by_the_index_of_ready_orders(cafe: Shop, ready: Ready) -> None:
    ready(5)
    with CaptureQueriesContext(connection) as captured:
        minutes_of(cafe)

    with planned_by_index(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {captured[0]['sql']}".replace("%", "%%"))
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "order_ready_of_shop" in plan, plan
    assert "Sort Key: orders_order" not in plan, plan
