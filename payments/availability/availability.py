"""Whether a shop takes orders now, and if not, why."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.utils import timezone

from orders.models import Shop
from orders.services import is_open, opens_next
from payments.availability.pause import payments_are_paused


class Reason(Enum):
    """Why a shop takes no orders."""

    PAUSED = auto()  # the staff have paused it
    OUT_OF_HOURS = auto()
    PAYMENTS_PAUSED = auto()  # SEQR refuses our settings


@dataclass(frozen=True)
class Unavailable:
    """Why a shop takes no orders, and when it opens by itself, where that is known."""

    shop: Shop
    why: Reason
    opens_at: datetime | None = None


class ShopUnavailable(Exception):
    """The service takes no orders just now: `closing` says why."""

    def __init__(self, closing: Unavailable) -> None:
        super().__init__(f"{closing.shop} is closed: {closing.why.name}.")
        self.closing = closing


def unavailability_of(shop: Shop, now: datetime | None = None) -> Unavailable | None:
    """Return why the shop takes no orders at this moment, or None where it takes them.

    What the staff say goes before the hours, and both before what only stops paying: a customer
    who comes again when paying works should not find the door shut.
    """
    if shop.paused:
        return Unavailable(shop, Reason.PAUSED)
    now = now or timezone.now()
    hours = list(shop.opening_hours.all())
    if not is_open(hours, now):
        return Unavailable(shop, Reason.OUT_OF_HOURS, opens_next(hours, now))
    return Unavailable(shop, Reason.PAYMENTS_PAUSED) if payments_are_paused() else None


def require_available(shop: Shop) -> None:
    """Raise ServiceClosed unless the shop takes orders now."""
    closing = unavailability_of(shop)
    if closing is not None:
        raise ShopUnavailable(closing)
