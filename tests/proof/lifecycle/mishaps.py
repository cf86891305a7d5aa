"""What befalls a process: it is killed at any statement, or others act while it waits for SEQR."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


class Killed(BaseException):
    """The process is gone. Nothing catches it, and nothing it would still do gets through."""


@contextmanager
def killed_at(statement: int) -> Iterator[None]:
    """Kill this thread's process before it executes that statement, counted from 0."""
    left = statement

    def execute_or_die(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        nonlocal left
        if left <= 0:
            raise Killed
        left -= 1
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(execute_or_die):
            yield
    except Killed:
        connection.close()
