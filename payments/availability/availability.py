"""Decides whether a shop takes orders now."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.db.models import BigIntegerField, DateField, DateTimeField, QuerySet
from django.utils import timezone

from orders.compiled_query import CompiledQuery, Parameter
from orders.models import OpeningException, PlannedPause, Shop
from orders.services import Schedule, first_day_that_counts, schedule_columns, schedule_of
from payments.availability.pause import payments_paused

# The schedule of a shop and whether its payments are paused, in one row.
_SCHEDULE_AND_PAUSE = CompiledQuery(
    lambda: with_availability(
        Shop.objects.filter(pk=Parameter("shop_id", BigIntegerField()))
    ).values_list("hours", "exceptions", "pauses", "has_payment_pause")
)


class Reason(Enum):
    """Why a shop takes no orders."""

    PAUSED = auto()  # by its staff
    OUT_OF_HOURS = auto()
    PAYMENTS_PAUSED = auto()  # SEQR rejects its terminal's credentials or configuration


@dataclass(frozen=True)
class Unavailable:
    """A shop takes no orders, for a reason, until `opens_at` where that is known.

    `planned` is what was planned for this time: a pause, or other hours of this day.
    """

    shop: Shop
    reason: Reason
    opens_at: datetime | None = None
    planned: PlannedPause | OpeningException | None = None


class ShopUnavailable(Exception):
    """The shop takes no orders."""

    def __init__(self, unavailable: Unavailable) -> None:
        super().__init__(f"{unavailable.shop} takes no orders: {unavailable.reason.name}.")
        self.unavailable = unavailable


def unavailability_of(shop: Shop, now: datetime | None = None) -> Unavailable | None:
    """Return why the shop takes no orders now, or None when it does.

    Of several reasons, a pause by the staff comes first, planned ahead or not, then the hours, then
    a payment pause: a customer who returns once payments are resumed should not find the shop
    closed.
    """
    now = now or timezone.now()
    if shop.is_paused(now) and shop.paused_until is None:
        return Unavailable(shop, Reason.PAUSED)
    rows = _SCHEDULE_AND_PAUSE.tuples(shop_id=shop.pk, **availability_parameters(now))
    [(*schedule, has_payment_pause)] = rows
    return _decide(shop, schedule_of(*schedule), has_payment_pause, now)


def with_availability(shops: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Annotate shops of a CompiledQuery for `unavailability_read_with`.

    The query's parameters are then `availability_parameters`.
    """
    first_day, moment = Parameter("first_day", DateField()), Parameter("moment", DateTimeField())
    annotated: QuerySet[Any, Any] = shops.annotate(**_columns(first_day, moment))
    return annotated


def availability_parameters(now: datetime) -> dict[str, Any]:
    """Return the parameters of `with_availability` at this time."""
    return {"first_day": first_day_that_counts(now), "moment": now}


def unavailability_read_with(shop: Any, now: datetime) -> Unavailable | None:
    """Return why a shop takes no orders at this time, by the annotations it was read with."""
    schedule = schedule_of(shop.hours, shop.exceptions, shop.pauses)
    return _decide(shop, schedule, shop.has_payment_pause, now)


def shops_by_name(limit: int) -> list[tuple[Shop, Unavailable | None]]:
    """Return the shops, each with why it takes no orders now, if so. By name, so many at most."""
    now = timezone.now()
    shops = (
        Shop.objects.annotate(**_columns(first_day_that_counts(now), now))
        .select_related("logo")
        .defer("logo__content")
        .order_by("name", "pk")[:limit]
    )
    return [(shop, unavailability_read_with(shop, now)) for shop in shops]


def _columns(first_day: Any, moment: Any) -> dict[str, Any]:
    return {
        **schedule_columns(first_day, moment),
        "has_payment_pause": payments_paused("terminal"),
    }


def _decide(
    shop: Shop, schedule: Schedule, has_payment_pause: bool, now: datetime
) -> Unavailable | None:
    if shop.is_paused(now):
        until = shop.paused_until
        opens_at = None if until is None else schedule.takes_orders_from(until)
        return Unavailable(shop, Reason.PAUSED, opens_at)
    if (pause := schedule.pause_at(now)) is not None:
        opens_at = schedule.takes_orders_from(pause.ends_at)
        return Unavailable(shop, Reason.PAUSED, opens_at, pause)
    if not schedule.is_open(now):
        today = schedule.exception_on(timezone.localdate(now))
        opens_at = schedule.takes_orders_from(now)
        return Unavailable(shop, Reason.OUT_OF_HOURS, opens_at, today)
    return Unavailable(shop, Reason.PAYMENTS_PAUSED) if has_payment_pause else None


def require_available(shop: Shop) -> None:
    """Raise ShopUnavailable unless the shop takes orders now."""
    unavailable = unavailability_of(shop)
    if unavailable is not None:
        raise ShopUnavailable(unavailable)
