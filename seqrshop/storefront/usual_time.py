"""The time that a shop usually takes from the payment to the order that is ready, learned from it.

A process reads the latest orders of a shop by their index, at most once a minute, and only while a
customer of the shop waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import ceil
from statistics import median
from time import monotonic

from django.db.models import BigIntegerField, OuterRef, Subquery
from django.db.models.functions import Now

from orders.compiled_query import CompiledQuery, Parameter
from orders.models import Order
from payments.models import Invoice, InvoiceStatus

ORDERS_READ = 20  # the latest that became ready
MIN_ORDERS = 5  # fewer show no habit
MAX_AGE = timedelta(days=3)  # over a weekend; an older habit is promised to nobody
MAX_MINUTES = 90  # a longer time shows that a shop records "ready" long afterwards
CACHE_SECONDS = 60.0

_PAYMENT = (
    Invoice.objects.filter(order=OuterRef("pk"), paid_at__isnull=False)
    .exclude(status=InvoiceStatus.DUPLICATE)
    .order_by("-paid_at")
)
_READY_AND_PAID = CompiledQuery(
    lambda: (
        Order.objects.filter(
            shop=Parameter("shop_id", BigIntegerField()), ready_at__gt=Now() - MAX_AGE
        )
        .order_by("-ready_at")
        .values_list("ready_at", Subquery(_PAYMENT.values("paid_at")[:1]))[:ORDERS_READ]
    )
)


class UsualTimes:
    """The usual times of the shops, as one process has read them."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._cached: dict[int, tuple[float, int | None]] = {}  # by shop: read when, minutes

    def minutes(self, shop_id: int) -> int | None:
        """Return the median of the shop's latest orders, in minutes rounded up; None if unknown."""
        now = self._clock()
        read_at, minutes = self._cached.get(shop_id, (-CACHE_SECONDS, None))
        if now - read_at >= CACHE_SECONDS:
            minutes = _read_minutes(shop_id)
            self._cached[shop_id] = now, minutes
        return minutes


def _read_minutes(shop_id: int) -> int | None:
    took = [
        (ready_at - paid_at).total_seconds()
        for ready_at, paid_at in _READY_AND_PAID.tuples(shop_id=shop_id)
        if paid_at is not None and ready_at >= paid_at
    ]
    if len(took) < MIN_ORDERS:
        return None
    minutes = max(1, ceil(median(took) / 60))
    return minutes if minutes <= MAX_MINUTES else None


usual_times = UsualTimes()
