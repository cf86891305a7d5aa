"""Reads orders for the streams in batches, each in a thread, without keeping a connection."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import override

from orders.models import Order
from payments.availability.pause import paused_terminals
from payments.invoices.create import current_invoice
from seqrshop.json_text import json_bytes
from seqrshop.storefront.json_output import order_details, return_page_details
from seqrshop.storefront.streams.order_version import OrderVersion, read_versions, version_of
from seqrshop.storefront.streams.stream_acceptor import OrderFormat
from seqrshop.storefront.tracking import Phase, phase_of
from seqrshop.streaming.loops import release_connection


@dataclass(frozen=True)
class OrderSnapshot:
    """An order at one moment, as JSON in each requested format."""

    version: OrderVersion
    phase: Phase
    bodies: Mapping[OrderFormat, bytes]


@dataclass(frozen=True)
class CurrentVersions:
    """The state of the database, to compare with what the streams have published."""

    versions: Mapping[UUID, OrderVersion]
    paused_terminals: frozenset[int]


@release_connection
def read_orders(formats: Mapping[UUID, Collection[OrderFormat]]) -> dict[UUID, OrderSnapshot]:
    """Return these orders, each in its formats, as of one moment.

    Without one snapshot, an order could be shown with an invoice that has changed since.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return {
            order.public_id: _snapshot(order, formats[order.public_id])
            for order in Order.objects.filter(public_id__in=formats.keys())
            .select_related("shop")
            .prefetch_related("rows", "invoices")
        }


@release_connection
def read_current_versions(orders: Collection[UUID]) -> CurrentVersions:
    """Return the current versions of these orders."""
    return CurrentVersions(read_versions(orders), paused_terminals())


def _snapshot(order: Order, formats: Collection[OrderFormat]) -> OrderSnapshot:
    bodies = {}
    invoice = current_invoice(order)
    for order_format in formats:
        with override(order_format.language):
            details = (
                order_details(invoice, order.rows.all())
                if order_format.details == "order"
                else return_page_details(invoice)
            )
        bodies[order_format] = json_bytes(details)
    return OrderSnapshot(version_of(order, order.invoices.all()), phase_of(invoice), bodies)
