"""Finds the primary keys of some shops' rows, and of the rows of some days, by indexes alone.

The rows of a growing table are stored in the order of time, and an index of the primary keys has
them in that order. PostgreSQL does not know it: to find a shop's newest row, or a day's, it may
read all newer ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Lookup, Model, Q, QuerySet
from django.db.models.sql.where import AND, WhereNode
from django.utils import timezone

# IDs are given when rows are stored, so only a transaction that has lasted for so long could put a
# row out of its place. It is far above the server's limits of a statement and a pause.
LONGEST_TRANSACTION = timedelta(days=1)
LARGEST_ID = 2**63 - 1

# Halves the span of IDs until the first row that is not before a moment is the next one.
_FIRST_NOT_BEFORE = """
    WITH RECURSIVE span (low, high) AS (
        SELECT min(id) - 1, max(id) + 1 FROM {table}
        UNION ALL
        SELECT CASE WHEN is_before THEN id ELSE low END,
            CASE WHEN is_before THEN high ELSE middle END
        FROM span, LATERAL (
            SELECT id, (low + high) / 2 AS middle, {time} < %s AS is_before
            FROM {table} WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1
        ) found
        WHERE high - low > 1
    )
    SELECT high FROM span ORDER BY high - low LIMIT 1
"""
# Compared and ordered by both columns, since the primary key alone must not serve: PostgreSQL knows
# how many rows the average shop has, and would walk past all others' to find those of a small one.
_FIRST_OF_SHOPS = """
    SELECT found.id
    FROM unnest(%s::bigint[]) AS shop (id), LATERAL (
        SELECT id FROM {table}
        WHERE (shop_id, id) > (shop.id, %s) AND (shop_id, id) < (shop.id, %s)
        ORDER BY shop_id {direction}, id {direction} LIMIT %s
    ) found
    ORDER BY 1 {direction} LIMIT %s
"""


@dataclass(frozen=True)
class IdRange:
    """The primary keys above one number and below another."""

    above: int = 0
    below: int = LARGEST_ID

    @property
    def condition(self) -> Q:
        """The condition that selects the rows; none of a side without a bound."""
        condition = Q(pk__gt=self.above) if self.above else Q()
        return condition & Q(pk__lt=self.below) if self.below < LARGEST_ID else condition

    def within(self, other: IdRange) -> IdRange:
        """Return what both ranges have."""
        return IdRange(max(self.above, other.above), min(self.below, other.below))


def ids_of_times(
    model: type[Model], field: str, since: datetime | None, until: datetime | None
) -> IdRange:
    """Return a range that has every row of a time: from one moment, before another one.

    It has some rows of the time before and after, too.
    """
    ids = IdRange()
    if since is not None:
        first = _first_not_before(model, field, since - LONGEST_TRANSACTION)
        ids = IdRange(above=max(first - 1, 0))
    if until is not None and until + LONGEST_TRANSACTION < timezone.now():
        first = _first_not_before(model, field, until + LONGEST_TRANSACTION)
        ids = ids.within(IdRange(below=first))
    return ids


def _first_not_before(model: type[Model], field: str, moment: datetime) -> int:
    """Return an ID: the row before it, if there is one, was stored before the moment.

    The first row that has this ID or a higher one was not.
    """
    quote = connection.ops.quote_name
    statement = _FIRST_NOT_BEFORE.format(table=quote(model._meta.db_table), time=quote(field))
    with connection.cursor() as cursor:
        cursor.execute(statement, [moment])
        [[first]] = cursor.fetchall()
    return int(first or 0)


def first_of_shops(
    model: type[Model],
    shop_ids: Collection[int],
    ids: IdRange,
    number: int,
    *,
    is_descending: bool,
) -> list[int]:
    """Return the first or the last primary keys of these shops' rows, in their order.

    Reads no row of another shop: each shop's come from an index of (shop, id).
    """
    statement = _FIRST_OF_SHOPS.format(
        table=connection.ops.quote_name(model._meta.db_table),
        direction="DESC" if is_descending else "ASC",
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(shop_ids), ids.above, ids.below, number, number])
        return [row[0] for row in cursor.fetchall()]


def times_of_shops(model: type[Model], field: str, shop_ids: Collection[int], ids: IdRange) -> Q:
    """Return a condition that every row of these shops meets: on its time, which has an index."""
    sides = (
        first_of_shops(model, shop_ids, ids, 1, is_descending=is_descending)
        for is_descending in (False, True)
    )
    rows = model._default_manager.filter(pk__in=[pk for side in sides for pk in side])
    times = rows.order_by(field).values_list(field, flat=True)
    first, last = times.first(), times.last()
    if first is None or last is None:
        return Q()
    since, until = first - LONGEST_TRANSACTION, last + LONGEST_TRANSACTION
    return Q((f"{field}__gte", since), (f"{field}__lte", until))


def chosen_times(rows: QuerySet[Any], field: str) -> tuple[datetime | None, datetime | None]:
    """Return from when and before when a field of all rows is, as far as they are filtered so."""
    found = list(_conditions_on(rows, field))
    return (
        max((each.rhs for each in found if each.lookup_name == "gte"), default=None),
        min((each.rhs for each in found if each.lookup_name == "lt"), default=None),
    )


def chosen_shops(rows: QuerySet[Any]) -> frozenset[int] | None:
    """Return the shops to which rows with a field of that name are limited; None for all shops."""
    sets = [
        frozenset(each.rhs if each.lookup_name == "in" else [each.rhs])
        for each in _conditions_on(rows, "shop")
        if each.lookup_name in ("exact", "in")
    ]
    return frozenset.intersection(*sets) if sets else None


def has_other_conditions(rows: QuerySet[Any]) -> bool:
    """Return whether rows are limited by more than their shop."""
    number = sum(1 for _ in _conditions_on(rows, "shop"))
    return number < len(rows.query.where.children)


def _conditions_on(rows: QuerySet[Any], field: str) -> Iterator[Lookup[Any]]:
    """Yield the conditions on one field of the rows' own table that all rows meet."""
    target = rows.model._meta.get_field(field)
    for condition in _conjuncts(rows.query.where):
        if getattr(condition.lhs, "target", None) is target:
            yield condition


def _conjuncts(node: WhereNode) -> Iterator[Lookup[Any]]:
    """Yield the conditions of which a row meets each."""
    if not node.negated and (node.connector == AND or len(node.children) == 1):
        for child in node.children:
            if isinstance(child, WhereNode):
                yield from _conjuncts(child)
            elif isinstance(child, Lookup):
                yield child
