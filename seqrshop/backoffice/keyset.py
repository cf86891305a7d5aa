"""Finds the rows that follow a row in a list's order, without reading those before it."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet


def following(rows: QuerySet[Any], ordering: Sequence[str], anchor: Sequence[Any]) -> QuerySet[Any]:
    """Return those of the rows that follow the one with these values in this order.

    `anchor` has the value of each field in `ordering`, the last of which is unique.
    """
    condition = Q()
    for name, value in reversed(list(zip(ordering, anchor, strict=True))):
        field, is_descending = name.removeprefix("-"), name.startswith("-")
        beyond = _below(field, value) if is_descending else _above(field, value)
        condition = beyond | (_equal(field, value) & condition) if condition else beyond
    return rows.filter(condition, _bound(ordering[0], anchor[0]))


def reverse(ordering: Sequence[str]) -> list[str]:
    """Return the opposite order."""
    return [name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in ordering]


def _bound(name: str, value: Any) -> Q:
    """Return a condition on the first field alone, by which an index finds the first row."""
    if name.startswith("-") and value is not None:
        return Q(**{f"{name.removeprefix('-')}__lte": value})
    if not name.startswith("-") and value is not None:
        return Q(**{f"{name}__gte": value}) | Q(**{f"{name}__isnull": True})
    return Q()


# PostgreSQL sorts NULL above every value.


def _above(field: str, value: Any) -> Q:
    if value is None:
        return Q(pk__in=())
    return Q(**{f"{field}__gt": value}) | Q(**{f"{field}__isnull": True})


def _below(field: str, value: Any) -> Q:
    return Q(**{f"{field}__isnull": False}) if value is None else Q(**{f"{field}__lt": value})


def _equal(field: str, value: Any) -> Q:
    return Q(**{f"{field}__isnull": True}) if value is None else Q(**{field: value})
