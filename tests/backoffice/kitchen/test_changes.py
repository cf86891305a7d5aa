"""How a changed board is found in the database: by a fingerprint of each shop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from orders.models import OrderState, Shop
from orders.services import advance_order, mark_paused, serve_order
from seqrshop.backoffice.kitchen.access import allowed_readers
from seqrshop.backoffice.kitchen.board import BoardView
from seqrshop.backoffice.kitchen.changes import read_boards, read_versions, shops_of
from seqrshop.backoffice.kitchen.stream import Reader
from tests.backoffice.kitchen.boards import BY_POLLER, open_order, paid_order, pay
from tests.factories import ShopFactory
from tests.hours_factories import PlannedPauseFactory

# The reads close their connection, and so no transaction of a test outlives them.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Shop:
    return ShopFactory.create()


def version_of(shop: Shop) -> tuple[Any, ...]:
    """Return the fingerprint of a shop's board, without the minute."""
    return read_versions([shop.pk])[shop.pk][1:]


def test_each_step_of_an_order_changes_the_fingerprint_of_its_shop_alone(shop: Shop) -> None:
    other = ShopFactory.create()
    of_other = version_of(other)
    seen = [version_of(shop)]
    order = open_order(shop)
    assert version_of(shop) == seen[0]

    pay(order)
    seen.append(version_of(shop))
    for state in (OrderState.PREPARING, OrderState.READY):
        advance_order(order.pk, state, BY_POLLER)
        seen.append(version_of(shop))
    serve_order(order.pk, BY_POLLER)
    seen.append(version_of(shop))

    assert len(set(seen)) == 5
    assert version_of(other) == of_other


def test_second_order_changes_the_fingerprint(shop: Shop) -> None:
    paid_order(shop)
    before = version_of(shop)

    paid_order(shop)

    assert version_of(shop) != before


def test_pauses_change_the_fingerprint(shop: Shop) -> None:
    now = timezone.now()
    seen = [version_of(shop)]

    mark_paused(shop, paused=True, until=now + timedelta(minutes=20))
    seen.append(version_of(shop))
    mark_paused(shop, paused=True, until=now + timedelta(minutes=40))
    seen.append(version_of(shop))
    mark_paused(shop, paused=False)
    assert version_of(shop) == seen[0]
    PlannedPauseFactory.create(
        shop=shop, starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(minutes=9)
    )
    seen.append(version_of(shop))

    assert len(set(seen)) == 4


def test_fingerprint_changes_when_a_pause_ends_by_itself(shop: Shop) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Shop.objects.filter(pk=shop.pk).update(paused=True, paused_until=past)
    ended = version_of(shop)

    Shop.objects.filter(pk=shop.pk).update(paused=True, paused_until=past + timedelta(hours=1))

    assert (ended[0], version_of(shop)[0]) == (False, True)


def test_fingerprint_changes_each_minute(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for moment in (120.0, 179.0, 180.0):
        monkeypatch.setattr("seqrshop.backoffice.kitchen.changes.time", lambda at=moment: at)
        seen.append(read_versions([shop.pk])[shop.pk])

    assert seen[0] == seen[1] != seen[2]


def test_shops_of_changed_orders_are_those_of_the_given_shops(shop: Shop) -> None:
    other, unread = ShopFactory.create(), ShopFactory.create()
    orders: list[UUID] = [paid_order(each).public_id for each in (shop, unread)]

    assert shops_of(orders, [shop.pk, other.pk]) == {shop.pk}


@pytest.mark.parametrize(
    "read",
    [
        lambda shop: read_boards([BoardView(shop.pk, "sv")]),
        lambda shop: shops_of([], [shop.pk]),
        lambda shop: shops_of([paid_order(shop).public_id], [shop.pk]),
        lambda shop: read_versions([shop.pk]),
        lambda shop: allowed_readers([(Reader(1, "session"), shop.pk)]),
    ],
    ids=["boards", "no order", "orders", "versions", "readers"],
)
def test_read_gives_its_connection_back(shop: Shop, read: Callable[[Shop], Any]) -> None:
    read(shop)

    assert connection.connection is None
