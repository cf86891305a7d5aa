"""Kills a simulated process before one of its database statements."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any

from django.db import connection


class ProcessKilled(BaseException):
    """Ends a simulated process. Nothing in the shop catches a BaseException."""


def kill_at_statement(statement: int) -> AbstractContextManager[None]:
    """Kill this thread's process before a statement, counted from 0."""
    numbers = count()
    return kill_when(lambda: next(numbers) >= statement)


@contextmanager
def kill_when(is_due: Callable[[], bool]) -> Iterator[None]:
    """Kill this thread's process before its next statement once `is_due` returns true."""

    def execute_or_die(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if is_due():
            raise ProcessKilled
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(execute_or_die):
            yield
    except ProcessKilled:
        connection.close()
