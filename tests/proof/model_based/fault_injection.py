"""What befalls a process: it is killed at any statement, or others act while it waits for SEQR."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any

from django.db import connection


class Killed(BaseException):
    """The process is gone. Nothing catches it, and nothing it would still do gets through."""


def killed_at(statement: int) -> AbstractContextManager[None]:
    """Kill this thread's process before it executes that statement, counted from 0."""
    numbers = count()
    return killed_once(lambda: next(numbers) >= statement)


@contextmanager
def killed_once(is_so: Callable[[], bool]) -> Iterator[None]:
    """Kill this thread's process before it executes a statement, once this is so."""

    def execute_or_die(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if is_so():
            raise Killed
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(execute_or_die):
            yield
    except Killed:
        connection.close()
