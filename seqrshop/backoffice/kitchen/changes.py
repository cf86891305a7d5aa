"""Finds the boards that have changed, for the streams: in batches, without keeping a connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from time import time
from typing import Any
from uuid import UUID

from django.utils import timezone

from orders.models import Order, Shop
from orders.models.order import PROGRESS_FIELDS
from orders.services import planned_until
from seqrshop.backoffice.kitchen.board import (
    ACTIVE,
    SERVED,
    STRUCK_OUT,
    BoardView,
    orders_of_day,
    read_board,
)
from seqrshop.streaming.loops import release_connection

REFRESH_SECONDS = 60  # after which a board is read anyway: for renamed products, and for time

BoardVersion = tuple[Any, ...]


@release_connection
def read_boards(views: Collection[BoardView]) -> dict[BoardView, bytes]:
    """Return these boards as JSON."""
    return {view: read_board(view) for view in views}


@release_connection
def shops_of(orders: Collection[UUID], shop_ids: Collection[int]) -> set[int]:
    """Return those of the shops that have one of these orders."""
    rows = Order.objects.filter(public_id__in=orders, shop__in=shop_ids)
    return set(rows.values_list("shop_id", flat=True))


@release_connection
def read_versions(shop_ids: Collection[int]) -> dict[int, BoardVersion]:
    """Return a cheap fingerprint of each shop's board, by two queries."""
    orders: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
    rows = orders_of_day(shop_ids).filter(ACTIVE | SERVED | STRUCK_OUT)
    for shop_id, *order in rows.values_list("shop_id", "pk", "state", *PROGRESS_FIELDS.values()):
        orders[shop_id].add(tuple(order))
    now, minute = timezone.now(), int(time()) // REFRESH_SECONDS
    return {
        shop.pk: (
            minute,
            shop.is_paused(now),
            shop.paused_until,
            shop.planned_until,
            frozenset(orders[shop.pk]),
        )
        for shop in Shop.objects.filter(pk__in=shop_ids).annotate(planned_until=planned_until())
    }
