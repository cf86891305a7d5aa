"""The end of a text as a database expression, for an index and for the queries that use it."""

from __future__ import annotations

from typing import Any

from django.db.models import Func


class LastCharacters(Func):
    """The last `number` characters of a column.

    The number is a literal and no parameter, so that a prepared statement finds the index, too.
    """

    function = "RIGHT"
    template = "%(function)s(%(expressions)s, %(number)s)"

    def __init__(self, column: str, number: int, **extra: Any) -> None:
        super().__init__(column, number=number, **extra)
