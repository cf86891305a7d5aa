"""The staff's switches: a shop is paused and resumed, products are sold out and in stock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Product, Shop
from orders.services import mark_paused, mark_sold_out
from tests.factories import ProductFactory, ShopFactory
from tests.hours_factories import PlannedPauseFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def paused(shop: Shop) -> tuple[bool, object]:
    """Return whether a shop is stored as paused, and until when."""
    stored = Shop.objects.get(pk=shop.pk)
    return stored.paused, stored.paused_until


def test_pause_changes_its_shop_alone_and_once() -> None:
    shop, other = ShopFactory.create_batch(2)
    until = timezone.now() + HOUR

    changed = [mark_paused(shop, paused=True, until=each) for each in (None, None, until, until)]

    assert changed == [True, False, True, False]
    assert paused(shop) == (True, until)
    assert paused(other) == (False, None)
    assert [mark_paused(shop, paused=False) for _ in range(2)] == [True, False]
    assert paused(shop) == (False, None)


def test_resuming_ends_the_shops_own_planned_pause_of_this_moment_alone() -> None:
    shop, now = ShopFactory.create(), timezone.now()
    current = PlannedPauseFactory.create(shop=shop, starts_at=now - HOUR, ends_at=now + HOUR)
    kept = [
        PlannedPauseFactory.create(shop=shop, starts_at=now - 3 * HOUR, ends_at=now - 2 * HOUR),
        PlannedPauseFactory.create(shop=shop, starts_at=now + 2 * HOUR, ends_at=now + 3 * HOUR),
        PlannedPauseFactory.create(starts_at=now - HOUR, ends_at=now + HOUR),  # of another shop
    ]
    ends = [each.ends_at for each in kept]

    resumed = mark_paused(shop, paused=False)
    current.refresh_from_db()
    for each in kept:
        each.refresh_from_db()

    assert resumed
    assert current.ends_at <= timezone.now()
    assert [each.ends_at for each in kept] == ends
    assert not mark_paused(shop, paused=False)


def test_pausing_leaves_a_planned_pause_as_it_is() -> None:
    shop, now = ShopFactory.create(), timezone.now()
    planned = PlannedPauseFactory.create(shop=shop, starts_at=now - HOUR, ends_at=now + HOUR)

    mark_paused(shop, paused=True)

    planned.refresh_from_db()
    assert planned.ends_at == now + HOUR


def test_product_is_marked_alone_and_once() -> None:
    product, _other = ProductFactory.create_batch(2)

    changed = [mark_sold_out(product, sold_out=each) for each in (True, True, False)]

    assert changed == [True, False, True]
    mark_sold_out(product, sold_out=True)
    assert list(Product.objects.filter(sold_out=True)) == [product]
