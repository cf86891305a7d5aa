"""Whether a service takes orders now, and if not, why."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.utils import timezone

from orders.models import Service
from orders.services import is_open, opens_next
from payments.availability.pause import paying_is_closed


class Why(Enum):
    """Why a service takes no orders."""

    PAUSED = auto()  # the staff have paused it
    OUT_OF_HOURS = auto()
    PAYING_CLOSED = auto()  # SEQR refuses our settings


@dataclass(frozen=True)
class Closing:
    """Why a service takes no orders, and when it opens by itself, where that is known."""

    service: Service
    why: Why
    opens_at: datetime | None = None


class ServiceClosed(Exception):
    """The service takes no orders just now: `closing` says why."""

    def __init__(self, closing: Closing) -> None:
        super().__init__(f"{closing.service} is closed: {closing.why.name}.")
        self.closing = closing


def closing_of(service: Service, now: datetime | None = None) -> Closing | None:
    """Return why the service takes no orders at this moment, or None where it takes them.

    What the staff say goes before the hours, and both before what only stops paying: a customer
    who comes again when paying works should not find the door shut.
    """
    if service.paused:
        return Closing(service, Why.PAUSED)
    now = now or timezone.now()
    hours = list(service.opening_hours.all())
    if not is_open(hours, now):
        return Closing(service, Why.OUT_OF_HOURS, opens_next(hours, now))
    return Closing(service, Why.PAYING_CLOSED) if paying_is_closed() else None


def require_open(service: Service) -> None:
    """Raise ServiceClosed unless the service takes orders now."""
    closing = closing_of(service)
    if closing is not None:
        raise ServiceClosed(closing)
