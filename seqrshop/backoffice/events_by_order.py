"""The list of the audit for a person bound to shops: its events come by order, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from orders.models import Order
from seqrshop.backoffice.large_lists import LargeChangeList
from seqrshop.backoffice.shop_scope import has_all_shops, own_rows

ORDERS_PER_EVENT = 2  # a filter may leave out all events of an order


class EventsByOrder(LargeChangeList):
    """Reads a page from the orders that come first, which an index of the shops' orders finds.

    Without them PostgreSQL reads the events of all shops until it has found enough, and all of them
    for a shop that has had no order for long.
    """

    _orders: QuerySet[Order] | None = None  # of the person's shops; None for all shops

    def get_results(self, request: HttpRequest) -> None:
        """Read the page."""
        if not has_all_shops(request):
            self._orders = own_rows(request, Order.objects.all())
        super().get_results(request)

    def _first_of(
        self,
        rows: QuerySet[Any],
        ordering: Sequence[str],
        number: int,
        anchor: Sequence[Any] | None = None,
    ) -> list[Any]:
        if self._orders is not None:
            orders = self._first_orders(self._orders, ordering[0], number, anchor)
            found = super()._first_of(rows.filter(order__in=orders), ordering, number, anchor)
            if len(found) == number:
                return found
        return super()._first_of(rows, ordering, number, anchor)

    def _first_orders(
        self, orders: QuerySet[Order], by: str, number: int, anchor: Sequence[Any] | None
    ) -> list[int]:
        is_descending = by.startswith("-")
        if anchor:
            side = "lte" if is_descending else "gte"
            orders = orders.filter(**{f"pk__{side}": anchor[0]})
        by_id = orders.order_by("-pk" if is_descending else "pk").values_list("pk", flat=True)
        return list(by_id[: number * ORDERS_PER_EVENT])
