"""Reads orders for the streams, many at a time. To be called in a thread, which it leaves clean."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils.translation import override

from orders.models import Order
from orders.models.order import BLOCKING_STATES
from payments.availability.pause import payments_are_paused
from seqrshop.storefront.json_output import order_details, orders_with_details, return_page_details
from seqrshop.storefront.streams.order_version import OrderVersion, read_versions, version_of
from seqrshop.storefront.streams.stream_acceptor import Form

P = ParamSpec("P")
T = TypeVar("T")

_DETAILS = {"order": order_details, "return_page": return_page_details}


@dataclass(frozen=True)
class Read:
    """An order as it was read: its mark, and its JSON in each form that was asked for."""

    mark: OrderVersion
    is_settled: bool
    bodies: Mapping[Form, bytes]


@dataclass(frozen=True)
class Compared:
    """What stands in the database now, to be compared with what was told."""

    marks: Mapping[UUID, OrderVersion]
    payments_are_paused: bool


def _holding_nothing(read: Callable[P, T]) -> Callable[P, T]:
    """Give the connection back once it is read."""

    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        finally:
            connection.close()

    return reading


@_holding_nothing
def read_orders(wanted: Mapping[UUID, Collection[Form]]) -> dict[UUID, Read]:
    """Return these orders, each in these forms, as they stand at one moment.

    Else an order might be told with an invoice that has moved on since.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return {
            order.public_id: _read(order, wanted[order.public_id])
            for order in orders_with_details().filter(public_id__in=wanted.keys())
        }


@_holding_nothing
def compare(orders: Collection[UUID]) -> Compared:
    """Return by what a change of any of these orders can be seen."""
    return Compared(read_versions(orders), payments_are_paused())


def _read(order: Order, forms: Collection[Form]) -> Read:
    bodies = {}
    for form in forms:
        with override(form.language):
            details = _DETAILS[form.kind](order)
        bodies[form] = json.dumps(details, cls=DjangoJSONEncoder).encode()
    return Read(version_of(order), order.state not in BLOCKING_STATES, bodies)
