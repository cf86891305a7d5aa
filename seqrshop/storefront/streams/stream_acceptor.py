"""Lets a view turn its response into a stream, where the server supports streams.

A stream begins as an ordinary request to an ordinary view: the same code as for the JSON decides
who may read the order, how often and in which language. Under another server, the response is
that JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpRequest

from orders.clock import database_now
from orders.languages import current_language
from payments.invoices.create import current_of
from payments.models import Invoice
from seqrshop.storefront.streams.order_version import OrderVersion, version_of
from seqrshop.storefront.tracking import Phase, phase_of
from seqrshop.streaming import STREAM_ACCEPTOR

OrderDetails = Literal["order", "return_page"]


@dataclass(frozen=True)
class OrderFormat:
    """How a stream shows an order: with all details or those of the return page, in a language."""

    details: OrderDetails
    language: str


@dataclass(frozen=True)
class Subscription:
    """The order that a stream follows, as its view has read it.

    Streams are limited per `reader`: a customer, or the holder of a return key.
    """

    order: UUID
    order_format: OrderFormat
    reader: str
    version: OrderVersion
    phase: Phase
    session_seconds: float | None  # until the customer's session expires


def accept_stream(
    request: HttpRequest,
    invoices: Sequence[Invoice],
    details: OrderDetails,
    reader: str,
    expires_at: datetime | None = None,
) -> None:
    """Subscribe to the order of all these invoices if the server supports streams."""
    subscribe: Callable[[Subscription], None] | None = request.META.get(STREAM_ACCEPTOR)
    if subscribe is None:
        return
    order = invoices[0].order
    subscribe(
        Subscription(
            order.public_id,
            OrderFormat(details, current_language()),
            reader,
            version_of(order, invoices),
            phase_of(current_of(invoices)),
            session_seconds=(
                None if expires_at is None else (expires_at - database_now()).total_seconds()
            ),
        )
    )
