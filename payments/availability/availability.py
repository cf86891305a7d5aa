"""Decides whether a shop takes orders now."""

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
    is_paused = shop.is_paused(now)
    if is_paused and shop.paused_until is None:
        return Unavailable(shop, Reason.PAUSED)
    rows = _HOURS_AND_PAUSE.tuples(shop_id=shop.pk)
    hours = [
        OpeningHours(weekday=weekday, opens=opens, closes=closes)
        for weekday, opens, closes, _ in rows
        if weekday is not None
    ]
    if is_paused and shop.paused_until is not None:
        return Unavailable(shop, Reason.PAUSED, open_from(hours, shop.paused_until))
    if not is_open(hours, now):
        return Unavailable(shop, Reason.OUT_OF_HOURS, opens_next(hours, now))
    payments_are_paused = any(row[-1] for row in rows)
    return Unavailable(shop, Reason.PAYMENTS_PAUSED) if payments_are_paused else None


def require_available(shop: Shop) -> None:
    """Raise ShopUnavailable unless the shop takes orders now."""
    unavailable = unavailability_of(shop)
    if unavailable is not None:
        raise ShopUnavailable(unavailable)
