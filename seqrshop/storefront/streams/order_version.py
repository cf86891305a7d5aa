"""A cheap fingerprint that detects order changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orders.models import Order
from orders.models.order import BLOCKING_STATES, PROGRESS_FIELDS
from payments.models import CUSTOMER_VISIBLE_FIELDS, POLLED_STATUSES, Invoice, shard_of
from seqrshop.storefront.messages import UNSENT_STATES

_PROGRESS_FIELDS = tuple(PROGRESS_FIELDS.values())
_INVOICE_FIELDS = ("id", *CUSTOMER_VISIBLE_FIELDS)


@dataclass(frozen=True)
class OrderVersion:
    """An order's state and progress, and the fields of its invoices that its page depends on."""

    state: str
    progress: tuple[Any, ...]  # the times of the kitchen's steps
    invoices: frozenset[tuple[Any, ...]]

    @property
    def is_unsent(self) -> bool:
        """Whether the order's message depends on a payment pause."""
        return self.state in UNSENT_STATES

    @property
    def awaits_payment(self) -> bool:
        """Whether its payment is expected, so that a change must not be missed for long."""
        return self.state in BLOCKING_STATES

    @property
    def shard(self) -> int | None:
        """The poller shard of its polled invoice, or None without one."""
        for pk, status, reference, *_ in self.invoices:
            if status in POLLED_STATUSES and reference is not None:
                return shard_of(pk)
        return None


def version_of(order: Order, invoices: Iterable[Invoice]) -> OrderVersion:
    """Return the version of an order and all its invoices, as read at one moment."""
    return OrderVersion(
        order.state,
        tuple(getattr(order, name) for name in _PROGRESS_FIELDS),
        frozenset(
            tuple(getattr(invoice, name) for name in _INVOICE_FIELDS) for invoice in invoices
        ),
    )


def read_versions(orders: Collection[UUID]) -> dict[UUID, OrderVersion]:
    """Return the versions of these orders, by one query."""
    of_order = ("state", *_PROGRESS_FIELDS)
    found: dict[UUID, tuple[tuple[Any, ...], set[tuple[Any, ...]]]] = {}
    rows = Order.objects.filter(public_id__in=orders).values_list(
        "public_id", *of_order, *(f"invoices__{name}" for name in _INVOICE_FIELDS)
    )
    for public_id, *values in rows:
        order, invoice = tuple(values[: len(of_order)]), tuple(values[len(of_order) :])
        found.setdefault(public_id, (order, set()))[1].add(invoice)
    return {
        public_id: OrderVersion(state, tuple(progress), frozenset(invoices))
        for public_id, ((state, *progress), invoices) in found.items()
    }
