"""The list of the audit for a person bound to shops: its events come by order, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from orders.models import Order
from seqrshop.backoffice.date_links import end_of_chosen
from seqrshop.backoffice.large_lists import LargeChangeList
from seqrshop.backoffice.list_parameters import filters_by
from seqrshop.backoffice.shop_scope import has_all_shops, own_rows

ORDERS_PER_EVENT = 2  # a filter may leave out all events of an order
GROWTH = 4  # of each batch of orders over the one before it
MAX_BATCH_SIZE = 2_000
MAX_ORDERS = 20_000
LONGEST_TRANSACTION = timedelta(days=1)  # far above the server's limits of a statement and a pause


class EventsByOrder(LargeChangeList):
    """Reads a page from the orders that come first, which an index of the shops' orders finds.

    Without them PostgreSQL reads the events of all shops until it has found enough, and all of them
    for a shop that has had no order for long.
    """

    _orders: QuerySet[Order] | None = None  # of the person's shops; None for all shops

    def get_results(self, request: HttpRequest) -> None:
        """Read the page. The first event of some days, which is on the last page, has no index."""
        if not has_all_shops(request):
            self._orders = self._orders_until(end_of_chosen(self), request)
            self.has_last_page = not filters_by(request.GET, self.model_admin.date_hierarchy)
        super().get_results(request)

    def _orders_until(self, end: Any, request: HttpRequest) -> QuerySet[Order]:
        """Return the orders of the person's shops that can have an event before this moment.

        An event is never older than its order. IDs are given when rows are stored, so only a
        transaction that has lasted for LONGEST_TRANSACTION could put an order out of its place.
        """
        orders = own_rows(request, Order.objects.all())
        if end is None:
            return orders
        later = Order.objects.filter(created_at__gte=end + LONGEST_TRANSACTION)
        first_later = later.order_by("created_at").values_list("pk", flat=True).first()
        return orders if first_later is None else orders.filter(pk__lt=first_later)

    def _ids_after(self, skipped: int, number: int) -> Iterable[Any]:
        if self._orders is None:
            return super()._ids_after(skipped, number)
        ids = self.queryset.values_list("pk", flat=True)
        return self._first_of(ids, self._ordering(), skipped + number)[skipped:]

    def _first_of(
        self,
        rows: QuerySet[Any],
        ordering: Sequence[str],
        number: int,
        anchor: Sequence[Any] | None = None,
    ) -> list[Any]:
        if self._orders is None:
            return super()._first_of(rows, ordering, number, anchor)
        is_descending = ordering[0].startswith("-")
        orders = self._orders.order_by("-pk" if is_descending else "pk")
        if anchor:
            orders = orders.filter(**{"pk__lte" if is_descending else "pk__gte": anchor[0]})
        found: list[Any] = []
        size, read = min(number * ORDERS_PER_EVENT, MAX_BATCH_SIZE), 0
        while read < MAX_ORDERS:
            batch = list(orders.values_list("pk", flat=True)[:size])
            of_batch = rows.filter(order__in=batch)
            found += super()._first_of(of_batch, ordering, number - len(found), anchor)
            if len(found) == number or len(batch) < size:
                return found
            orders = orders.filter(**{"pk__lt" if is_descending else "pk__gt": batch[-1]})
            read, size = read + size, min(size * GROWTH, MAX_BATCH_SIZE)
        return super()._first_of(rows, ordering, number, anchor)
