"""Sums that are added to the rows of the takings, in one statement for each table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django.db import connection
from django.db.models import Field, Model

Key = tuple[Any, ...]


def _add(one: Any, other: Any) -> Any:
    return one + other


# How two values of a column become one, in Python and in PostgreSQL.
_MERGES: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "+": (_add, "{table}.{column} + EXCLUDED.{column}"),
    "first": (min, "LEAST({table}.{column}, EXCLUDED.{column})"),
    "last": (max, "GREATEST({table}.{column}, EXCLUDED.{column})"),
}


@dataclass
class Sums:
    """What is to be added to the rows of one table, by the values of its key.

    `columns` says how values of a column are merged: "+", or the "first" or the "last" counts.
    """

    model: type[Model]
    key: tuple[str, ...]
    columns: Mapping[str, str]
    rows: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def add(self, key: Key, **values: Any) -> None:
        """Add values to the row of a key; a column that is not given stays as it is."""
        row = self.rows.setdefault(key, {})
        for name, value in values.items():
            merge = _MERGES[self.columns[name]][0]
            row[name] = merge(row[name], value) if name in row else value

    def save(self) -> dict[Key, int]:
        """Add everything to the table; return the row's ID by its key.

        The rows are locked in the order of their keys, so that two transactions wait for each other
        in one direction only.
        """
        if not self.rows:
            return {}
        keys = sorted(self.rows)
        values = [[key[position] for key in keys] for position in range(len(self.key))]
        for name in self.columns:
            nothing = self._field(name).to_python(0)
            values.append([self.rows[key].get(name, nothing) for key in keys])
        with connection.cursor() as cursor:
            cursor.execute(self._statement(), values)
            return {tuple(key): pk for pk, *key in cursor.fetchall()}

    def _statement(self) -> str:
        """Return the statement that inserts the rows, or adds to those that exist."""
        table = self.model._meta.db_table
        fields = [self._field(name) for name in (*self.key, *self.columns)]
        columns = [str(each.column) for each in fields]
        key = ", ".join(columns[: len(self.key)])
        values = ", ".join(f"%s::{each.db_type(connection)}[]" for each in fields)
        return f"""
            INSERT INTO {table} ({", ".join(columns)})
            SELECT * FROM unnest({values})
            ON CONFLICT ({key}) DO UPDATE SET {", ".join(self._assignments(table))}
            RETURNING id, {key}
        """  # noqa: S608 - names of the models alone

    def _field(self, name: str) -> Field[Any, Any]:
        return cast("Field[Any, Any]", self.model._meta.get_field(name))

    def _assignments(self, table: str) -> Iterator[str]:
        for name, how in self.columns.items():
            yield f"{name} = {_MERGES[how][1].format(table=table, column=name)}"
