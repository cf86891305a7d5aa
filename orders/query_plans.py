"""Transactions whose reads PostgreSQL plans or limits in another way than all others."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from seqrshop.postgresql import answer_timeout


@contextmanager
def planned_by_index() -> Iterator[None]:
    """Let PostgreSQL read large tables by their indexes alone within the block, a transaction.

    Open rows are few among very many, and have an index of their own. With outdated statistics
    PostgreSQL would rather read the whole table.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield


@contextmanager
def planned_for_its_values() -> Iterator[None]:
    """Let PostgreSQL plan each statement within the block, a transaction, for the values in it.

    A repeated statement is prepared, and planned once for any values after a few executions. One
    shop may have half of all orders and another one ten of them: a plan for both suits neither.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        yield


@contextmanager
def long_read(seconds: int) -> Iterator[None]:
    """Let each statement within the block, a transaction, take so many seconds."""
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        answer_timeout(connection.connection, seconds + 1),
    ):
        cursor.execute(f"SET LOCAL statement_timeout = '{seconds}s'")
        yield
