"""Finds the first rows of some shops among those of all, in the order of an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, Model, QuerySet, Value

from seqrshop.backoffice.id_ranges import IdRange, first_of_shops

ROWS_PER_RESULT = 2
GROWTH = 4  # of each batch over the one before it
MAX_BATCH_SIZE = 2_000
MAX_ROWS = 20_000


@dataclass(frozen=True)
class Batch:
    """Some rows of the shops, in their order. A list's rows refer to them by the field `name`."""

    name: str
    ids: Sequence[int]
    is_last: bool

    def select(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of a list's rows that are, or refer to, rows of this batch."""
        ids = Value(self.ids, ArrayField(BigIntegerField()))
        # One parameter, and an index returns the rows in their order.
        is_of_batch = Func(
            F(self.name),
            ids,
            template="(%(expressions)s))",
            arg_joiner=" = ANY(",
            output_field=BooleanField(),
        )
        return rows.filter(is_of_batch)


@dataclass(frozen=True)
class RowsOfShops:
    """The rows of some shops, which have an index of their shop and their primary key.

    A list has these rows, or others that refer to them, and is sorted by their primary key, which
    is one of the list's fields `names`. A filter `is_sparse` if it may leave out most of them.
    """

    model: type[Model]
    names: Sequence[str]
    shop_ids: frozenset[int]
    ids: IdRange = field(default_factory=IdRange)
    is_sparse: bool = False

    def have_order(self, ordering: Sequence[str]) -> bool:
        """Return whether a list in this order is sorted by these rows first."""
        return ordering[0].removeprefix("-") in self.names

    def batches(
        self, ordering: Sequence[str], number: int, anchor: Sequence[Any] | None
    ) -> Iterator[Batch]:
        """Yield the rows in an order, from that of the anchor on: MAX_ROWS of them at most.

        `number` is how many rows of the list are wanted.
        """
        is_descending, ids = ordering[0].startswith("-"), self.ids
        if anchor:
            ids = ids.within(_from(anchor[0], is_descending=is_descending))
        few = min(number * ROWS_PER_RESULT, MAX_BATCH_SIZE)
        size, read = MAX_BATCH_SIZE if self.is_sparse else few, 0
        while read < MAX_ROWS:
            found = first_of_shops(
                self.model, self.shop_ids, ids, size, is_descending=is_descending
            )
            is_last = len(found) < size
            yield Batch(self.names[0], found, is_last)
            if is_last:
                return
            ids = ids.within(_after(found[-1], is_descending=is_descending))
            read, size = read + size, min(size * GROWTH, MAX_BATCH_SIZE)


def _from(pk: int, *, is_descending: bool) -> IdRange:
    return IdRange(below=pk + 1) if is_descending else IdRange(above=pk - 1)


def _after(pk: int, *, is_descending: bool) -> IdRange:
    return IdRange(below=pk) if is_descending else IdRange(above=pk)
