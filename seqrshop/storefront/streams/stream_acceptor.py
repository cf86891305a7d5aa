"""Where an answer becomes a stream: the view says who may follow what, and the server follows it.

A stream begins as an ordinary request, answered by an ordinary view: so who may read it, how often
and in which language is settled by the same code as for the JSON. Under a server that offers no
stream, the answer is that JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import get_language

from orders.clock import database_now
from orders.models import Order
from orders.models.order import BLOCKING_STATES
from seqrshop.storefront.streams.order_version import OrderVersion, version_of

STREAM_ACCEPTOR = "seqrshop.stream"  # in the request's environment


@dataclass(frozen=True)
class Form:
    """In which form an order is told: all that its customer may know, or the returning page's."""

    kind: str
    language: str


@dataclass(frozen=True)
class Subscription:
    """Who follows which order. `reader` is counted: a customer, or the holder of a return key."""

    order: UUID
    form: Form
    reader: str
    mark: OrderVersion
    is_settled: bool
    seconds: float | None  # until the customer's session ends


def accept_stream(
    request: HttpRequest, order: Order, kind: str, reader: str, until: datetime | None = None
) -> None:
    """Take up the server's offer of a stream, if it has made one."""
    offer: Callable[[Subscription], None] | None = request.META.get(STREAM_ACCEPTOR)
    if offer is None:
        return
    seconds = None if until is None else (until - database_now()).total_seconds()
    form = Form(kind, get_language() or "en")
    is_settled = order.state not in BLOCKING_STATES
    offer(Subscription(order.public_id, form, reader, version_of(order), is_settled, seconds))
