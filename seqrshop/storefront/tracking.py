"""How long the pages of an order follow it, and what they show of its way through the kitchen."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.utils import timezone

from orders.models import Order, OrderState
from orders.models.order import BLOCKING_STATES, SERVABLE_STATES
from payments.models import Invoice
from seqrshop.storefront.messages import short_state
from seqrshop.storefront.usual_time import usual_times

# From the payment. Longer than a kitchen takes, and than most customers wait. The orders of a shop
# that records no steps would hold their streams for ever.
KITCHEN_TIME = timedelta(hours=1)


class Phase(Enum):
    """How soon an order is expected to change, and so how its pages follow it."""

    PAYMENT = auto()  # within seconds: by a stream
    KITCHEN = auto()  # within minutes: by a stream that costs less
    RARE = auto()  # served, or paid long ago; a step may still be undone: by slow polling
    FINAL = auto()  # not expected at all


def phase_of(invoice: Invoice, now: datetime | None = None) -> Phase:
    """Return the phase of the order of this current invoice."""
    order = invoice.order
    if order.state in BLOCKING_STATES:
        return Phase.PAYMENT
    if progress_of(order) is None:
        return Phase.FINAL
    if order.served_at is not None:
        return Phase.RARE
    paid_at = invoice.paid_at or order.created_at
    is_recent = (now or timezone.now()) - paid_at < KITCHEN_TIME
    return Phase.KITCHEN if is_recent else Phase.RARE


def progress_of(order: Order) -> OrderState | None:
    """Return how far the kitchen has come with an order that is to be served, or was; else None."""
    is_paid = order.state in (*SERVABLE_STATES, OrderState.SERVED)
    return order.progress if is_paid else None


def tracker_details(invoice: Invoice) -> dict[str, Any]:
    """Return what every page of an order shows of its way through the kitchen, as JSON."""
    order = invoice.order
    progress = progress_of(order)
    is_awaited = progress in (OrderState.PAID, OrderState.PREPARING)
    is_paid = progress is not None and invoice.paid_at is not None
    return {
        "short_state": short_state(order),
        "progress": progress,
        "paid_at": _local(invoice.paid_at) if is_paid else None,
        "estimate_minutes": usual_times.minutes(order.shop_id) if is_awaited else None,
    }


def _local(moment: datetime | None) -> str | None:
    return None if moment is None else timezone.localtime(moment).isoformat(timespec="seconds")
