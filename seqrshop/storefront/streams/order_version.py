"""By what a change of an order is seen, without reading all that is told of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orders.models import Order
from payments.models import CUSTOMER_VISIBLE_FIELDS, POLLED_STATUSES, shard_of
from seqrshop.storefront.messages import UNSENT

_OF_INVOICE = ("id", *CUSTOMER_VISIBLE_FIELDS)


@dataclass(frozen=True)
class OrderVersion:
    """An order's state, and of each of its invoices what is shown or decides what is."""

    state: str
    invoices: frozenset[tuple[Any, ...]]

    @property
    def is_unsent(self) -> bool:
        """Whether its words depend on whether paying is closed."""
        return self.state in UNSENT

    @property
    def shard(self) -> int | None:
        """The shard of the poller that asks about it, if one does."""
        for pk, status, reference, *_ in self.invoices:
            if status in POLLED_STATUSES and reference is not None:
                return shard_of(pk)
        return None


def version_of(order: Order) -> OrderVersion:
    """Return the mark of an order fetched with its invoices."""
    return OrderVersion(
        order.state,
        frozenset(
            tuple(getattr(invoice, name) for name in _OF_INVOICE)
            for invoice in order.invoices.all()
        ),
    )


def read_versions(orders: Collection[UUID]) -> dict[UUID, OrderVersion]:
    """Return the marks of these orders, by one query."""
    found: dict[UUID, tuple[str, set[tuple[Any, ...]]]] = {}
    rows = Order.objects.filter(public_id__in=orders).values_list(
        "public_id", "state", *(f"invoices__{name}" for name in _OF_INVOICE)
    )
    for public_id, state, *invoice in rows:
        found.setdefault(public_id, (state, set()))[1].add(tuple(invoice))
    return {
        public_id: OrderVersion(state, frozenset(invoices))
        for public_id, (state, invoices) in found.items()
    }
