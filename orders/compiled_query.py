"""Queries and updates that are compiled into SQL once in a process.

Django compiles a queryset into SQL at each execution, which takes the web process longer than
PostgreSQL takes to answer. What each request of a customer reads, and each order updates, is
therefore compiled at its first use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import BigIntegerField, Expression, F, Field, Lookup, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery
from django.db.transaction import TransactionManagementError

M = TypeVar("M", bound=Model)
Rows = Sequence[tuple[Any, ...]]


class Parameter(Expression):
    """A value in a CompiledQuery or CompiledUpdate, which each execution gives by its name."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, *_compiler_and_connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


class KeyIsAnyOf(Lookup[Any]):
    """The condition that a row's key is one of a Parameter's list of keys.

    It is the primary key, or the foreign key that `key` names.
    """

    def __init__(self, name: str, key: str = "pk") -> None:
        super().__init__(F(key), Parameter(name, ArrayField(BigIntegerField())))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        key, _ = self.process_lhs(compiler, connection)
        keys, params = self.process_rhs(compiler, connection)
        return f"{key} = ANY {keys}", list(params)


class CompiledQuery(Generic[M]):
    """A query with Parameters, compiled at its first execution.

    `build` returns the queryset: of models, with select_related() and annotations, or of
    values_list(). Prefetches are not supported. Locks belong into a transaction, as in a queryset.
    """

    def __init__(self, build: Callable[[], QuerySet[M, Any]]) -> None:
        self._build = build

    def fetch(self, **values: Any) -> list[M]:
        """Execute the query with its parameters' values; return the models."""
        return [self._plan.model_of(row) for row in self.tuples(**values)]

    def first(self, **values: Any) -> M | None:
        """Execute the query with its parameters' values; return the first model, if any."""
        return next(iter(self.fetch(**values)), None)

    def get(self, **values: Any) -> M:
        """Execute the query with its parameters' values; return the one model that it finds.

        Raises the model's DoesNotExist.
        """
        model = self.first(**values)
        if model is None:
            raise self._plan.model.DoesNotExist  # type: ignore[attr-defined]
        return model

    def tuples(self, **values: Any) -> Rows:
        """Execute the query with its parameters' values; return its rows."""
        return self._plan.execute(values)

    @cached_property
    def _plan(self) -> _Plan[M]:
        return _Plan(self._build())


class CompiledUpdate:
    """An update with Parameters, compiled at its first execution.

    `build` returns the queryset of the rows, `fields` are the arguments of its `update`. Parameters
    may stand in both.
    """

    def __init__(self, build: Callable[[], QuerySet[Any]], **fields: Any) -> None:
        self._build = build
        self._fields = fields

    def execute(self, **values: Any) -> int:
        """Execute the update with its parameters' values; return the number of updated rows."""
        sql, params = self._compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, _given(params, values))
            updated: int = cursor.rowcount
        return updated

    @cached_property
    def _compiled(self) -> tuple[str, Sequence[Any]]:
        query: Any = self._build().query.chain(UpdateQuery)
        query.add_update_values(self._fields)
        sql, params = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return sql, params


def _given(params: Sequence[Any], values: dict[str, Any]) -> list[Any]:
    return [values[each.name] if isinstance(each, Parameter) else each for each in params]


class _Plan(Generic[M]):
    """The SQL of a query, and how its rows become models."""

    def __init__(self, queryset: QuerySet[M, Any]) -> None:
        self.model = queryset.model
        self._locks = queryset.query.select_for_update
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self._sql, self._params = compiler.as_sql()
        columns = [column for column, _, _ in compiler.select or ()]
        self._converters = compiler.get_converters(columns)
        self._annotations = compiler.annotation_col_map or {}
        self._klass_info = compiler.klass_info
        if self._klass_info is not None:
            fields = self._klass_info["select_fields"]
            self._fields = slice(fields[0], fields[-1] + 1)
            self._names = [column.target.attname for column in columns[self._fields]]
            self._related = get_related_populators(  # type: ignore[call-arg]  # a later Django's
                self._klass_info, compiler.select, DEFAULT_DB_ALIAS
            )

    def execute(self, values: dict[str, Any]) -> Rows:
        if self._locks and connection.get_autocommit():
            raise TransactionManagementError("A row is locked inside a transaction only.")
        with connection.cursor() as cursor:
            cursor.execute(self._sql, _given(self._params, values))
            rows: Rows = cursor.fetchall()
        return [self._converted(row) for row in rows] if self._converters else rows

    def model_of(self, row: tuple[Any, ...]) -> M:
        assert self._klass_info is not None, "a query of values_list() has no models"
        model: M = self._klass_info["model"].from_db(
            DEFAULT_DB_ALIAS, self._names, row[self._fields]
        )
        for related in self._related:
            related.populate(row, model)
        for name, position in self._annotations.items():
            setattr(model, name, row[position])
        return model

    def _converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        converted = list(row)
        for position, (converters, expression) in self._converters.items():
            for convert in converters:
                converted[position] = convert(converted[position], expression, connection)
        return tuple(converted)
