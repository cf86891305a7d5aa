"""The list of the audit for a person bound to shops: its events come by order, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from orders.models import Order
from seqrshop.backoffice.id_ranges import IdRange, chosen_times, ids_of_times
from seqrshop.backoffice.large_lists import LargeChangeList
from seqrshop.backoffice.list_parameters import filters_by
from seqrshop.backoffice.row_count import RowCount, count_rows
from seqrshop.backoffice.rows_of_shops import RowsOfShops
from seqrshop.backoffice.shop_scope import has_all_shops, shop_access

COUNTED_ORDERS = 2_000  # with 12 events each, they have more than a list counts


class EventsByOrder(LargeChangeList):
    """Reads a page from the orders that come first, which an index of the shops' orders finds.

    Without them PostgreSQL reads the events of all shops until it has found enough, and all of them
    for a shop that has had no order for long.
    """

    def get_results(self, request: HttpRequest) -> None:
        """Read the page. The first event of some days, which is on the last page, has no index."""
        if not has_all_shops(request):
            self._of_shops = RowsOfShops(
                Order, ("order_id",), shop_access(request).shop_ids, self._orders_until()
            )
            self.has_last_page = not filters_by(request.GET, self.model_admin.date_hierarchy)
        super().get_results(request)

    def _orders_until(self) -> IdRange:
        """Return the orders that may have an event of the chosen days, which is never older."""
        _, until = chosen_times(self.queryset, "occurred_at")
        return ids_of_times(Order, "created_at", None, until)

    def _count(self) -> RowCount:
        """Count the events of the first orders of the chosen days first: they may be enough.

        The older orders may have events of these days too, but most of them have none.
        """
        since, _ = chosen_times(self.queryset, "occurred_at")
        if self._of_shops is None or since is None:
            return super()._count()
        ids = ids_of_times(Order, "created_at", since, None).within(self._of_shops.ids)
        orders = Order.objects.filter(ids.condition, shop__in=self._of_shops.shop_ids)
        first_orders = orders.order_by("pk").values("pk")[:COUNTED_ORDERS]
        return count_rows(self.queryset, some=self.queryset.filter(order__in=first_orders))

    def _ids_after(self, skipped: int, number: int) -> Iterable[Any]:
        if self._of_shops is None:
            return super()._ids_after(skipped, number)
        ids = self.queryset.values_list("pk", flat=True)
        return self._first_of(ids, self._ordering(), skipped + number)[skipped:]
