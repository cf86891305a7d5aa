"""Counts the rows of a list without reading a large table."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

COUNT_LIMIT = 10_000
SIGNIFICANT_DIGITS = 2


@dataclass(frozen=True)
class RowCount:
    """The number of rows: exact up to COUNT_LIMIT, PostgreSQL's rounded estimate above it."""

    number: int
    is_exact: bool


def count_rows(rows: QuerySet[Any], some: QuerySet[Any] | None = None) -> RowCount:
    """Count the rows, of which COUNT_LIMIT + 1 are read at most.

    `some` of them are counted first, if given: the others need not be when these are enough.
    """
    counted = 0 if some is None else _count_to_limit(some)
    if counted <= COUNT_LIMIT:
        counted = _count_to_limit(rows)
    if counted <= COUNT_LIMIT:
        return RowCount(counted, is_exact=True)
    [plan] = json.loads(rows.order_by().values("pk").explain(format="json"))
    estimate: int = plan["Plan"]["Plan Rows"]
    return RowCount(_rounded(max(estimate, counted)), is_exact=False)


def _count_to_limit(rows: QuerySet[Any]) -> int:
    return rows.order_by().values("pk")[: COUNT_LIMIT + 1].count()


def _rounded(number: int) -> int:
    return round(number, SIGNIFICANT_DIGITS - len(str(number)))
