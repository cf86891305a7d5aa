"""Decides whether a shop takes orders now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.db.models import BigIntegerField
from django.utils import timezone

from orders.compiled_query import CompiledQuery, Parameter
from orders.models import OpeningHours, Shop
from orders.services import is_open, open_from, opens_next
from payments.availability.pause import payments_paused

# A row for each opening time of a shop, or one row without a time; each with the payment pause.
_HOURS_AND_PAUSE = CompiledQuery(
    lambda: (
        Shop.objects.filter(pk=Parameter("shop_id", BigIntegerField()))
        .order_by("opening_hours__weekday", "opening_hours__opens")
        .values_list(
            "opening_hours__weekday",
            "opening_hours__opens",
            "opening_hours__closes",
            payments_paused("terminal"),
        )
    )
)


class Reason(Enum):
    """Why a shop takes no orders."""

    PAUSED = auto()  # by its staff
    OUT_OF_HOURS = auto()
    PAYMENTS_PAUSED = auto()  # SEQR rejects its terminal's credentials or configuration


@dataclass(frozen=True)
class Unavailable:
    """A shop takes no orders, for a reason, until `opens_at` where that is known."""

    shop: Shop
    reason: Reason
    opens_at: datetime | None = None


class ShopUnavailable(Exception):
    """The shop takes no orders."""

    def __init__(self, unavailable: Unavailable) -> None:
        super().__init__(f"{unavailable.shop} takes no orders: {unavailable.reason.name}.")
        self.unavailable = unavailable


def unavailability_of(shop: Shop, now: datetime | None = None) -> Unavailable | None:
    """Return why the shop takes no orders now, or None when it does.

    Of several reasons, a pause by the staff comes first, then the hours, then a payment pause:
    a customer who returns once payments are resumed should not find the shop closed.
    """
    now = now or timezone.now()
    if shop.is_paused(now) and shop.paused_until is None:
        return Unavailable(shop, Reason.PAUSED)
    rows = _HOURS_AND_PAUSE.tuples(shop_id=shop.pk)
    hours = [
        OpeningHours(weekday=weekday, opens=opens, closes=closes)
        for weekday, opens, closes, _ in rows
        if weekday is not None
    ]
    return _decide(shop, hours, any(row[-1] for row in rows), now)


def shops_by_name(limit: int) -> list[tuple[Shop, Unavailable | None]]:
    """Return the shops, each with why it takes no orders now, if so. By name, so many at most."""
    now = timezone.now()
    shops = (
        Shop.objects.annotate(has_payment_pause=payments_paused("terminal"))
        .select_related("logo")
        .defer("logo__content")
        .prefetch_related("opening_hours")
        .order_by("name", "pk")[:limit]
    )
    return [
        (shop, _decide(shop, shop.opening_hours.all(), shop.has_payment_pause, now))
        for shop in shops
    ]


def _decide(
    shop: Shop, hours: Iterable[OpeningHours], has_payment_pause: bool, now: datetime
) -> Unavailable | None:
    if shop.is_paused(now):
        until = shop.paused_until
        return Unavailable(shop, Reason.PAUSED, None if until is None else open_from(hours, until))
    if not is_open(hours, now):
        return Unavailable(shop, Reason.OUT_OF_HOURS, opens_next(hours, now))
    return Unavailable(shop, Reason.PAYMENTS_PAUSED) if has_payment_pause else None


def require_available(shop: Shop) -> None:
    """Raise ShopUnavailable unless the shop takes orders now."""
    unavailable = unavailability_of(shop)
    if unavailable is not None:
        raise ShopUnavailable(unavailable)
