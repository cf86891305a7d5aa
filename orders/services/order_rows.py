"""The rows of an order, each product's with those of its options."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, DecimalField, OuterRef
from django.db.models.functions import Cast, JSONObject

from orders.compiled_query import CompiledQuery, KeyIsAnyOf
from orders.models import Order, OrderRow

_ROWS_OF_ORDERS = CompiledQuery(lambda: OrderRow.objects.filter(KeyIsAnyOf("order_ids", "order")))
_AMOUNTS = [
    field.name for field in OrderRow._meta.concrete_fields if isinstance(field, DecimalField)
]


@dataclass(frozen=True)
class OrderLine:
    """A product's row with the rows of its options, or the tip's row."""

    row: OrderRow
    options: tuple[OrderRow, ...] = ()

    @property
    def rows(self) -> tuple[OrderRow, ...]:
        """The product's row and those of its options: what one unit consists of."""
        return self.row, *self.options

    @property
    def total(self) -> Decimal:
        """The price of all units with their options, in major units."""
        return sum((row.total for row in self.rows), Decimal(0))

    def option_names(self, language: str) -> list[str]:
        """Return the options' names in Swedish for "sv", else in English."""
        return [option.name_in(language) for option in self.options]


def rows_of(order: Order) -> list[OrderRow]:
    """Return the rows of an order: each product in the order of choice, its options, the tip."""
    return rows_of_orders([order.pk])[order.pk]


def rows_of_orders(order_ids: Iterable[int]) -> dict[int, list[OrderRow]]:
    """Return the rows of several orders by the order's ID, those of each as `rows_of` does.

    They are read in one statement.
    """
    rows: dict[int, list[OrderRow]] = {order_id: [] for order_id in order_ids}
    for row in _ROWS_OF_ORDERS.fetch(order_ids=list(rows)):
        rows[row.order_id].append(row)
    return {order_id: in_sequence(each) for order_id, each in rows.items()}


def rows_column(order: str) -> ArraySubquery:
    """Return an annotation: the rows of the order at this path of a row, for `rows_in_column`.

    They are read with what they are annotated to, in the same statement.
    """
    columns: dict[str, Any] = {
        field.attname: field.attname for field in OrderRow._meta.concrete_fields
    }
    # A JSON number may lose its öre.
    columns |= {name: Cast(name, CharField()) for name in _AMOUNTS}
    rows = OrderRow.objects.filter(order=OuterRef(order)).order_by()
    return ArraySubquery(rows.values_list(JSONObject(**columns)))


def rows_in_column(column: Sequence[Mapping[str, Any]]) -> list[OrderRow]:
    """Return the rows of an order that `rows_column` has read, in the order of `rows_of`."""
    return in_sequence(
        OrderRow(**{**row, **{name: Decimal(row[name]) for name in _AMOUNTS}}) for row in column
    )


def in_sequence(rows: Iterable[OrderRow]) -> list[OrderRow]:
    """Return an order's rows with each product's options behind it, and the tip last."""
    return [row for line in lines_of(rows) for row in line.rows]


def lines_of(rows: Iterable[OrderRow]) -> list[OrderLine]:
    """Return an order's rows by product, in the order of choice, the tip last."""
    options: dict[int, list[OrderRow]] = defaultdict(list)
    others = []
    for row in sorted(rows, key=lambda row: row.pk):
        if row.parent_id is None:
            others.append(row)
        else:
            options[row.parent_id].append(row)
    return [OrderLine(row, tuple(options[row.pk])) for row in others]
