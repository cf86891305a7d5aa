"""Runs work in several threads, each with its own database connection."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")
LOCK_WAIT_SECONDS = 30
BACKEND_END_SECONDS = 10


def run_concurrently(times: int, work: Callable[[], Result]) -> list[Result]:
    """Run `work` in this many threads that start together; return their results."""
    barrier = Barrier(times)

    def run(_n: int) -> Result:
        barrier.wait()
        return with_own_connection(work)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))


def with_own_connection(work: Callable[[], Result]) -> Result:
    """Return the result of `work`, run in a thread; close the thread's connection."""
    try:
        return work()
    finally:
        connection.close()


def wait_for_lock_wait() -> None:
    """Wait until a transaction waits for another one's lock."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.01)
    raise AssertionError("no transaction waits for a lock")


def deadlock_count() -> int:
    """Return how many deadlocks PostgreSQL has found in this database.

    Closes this process's connections first: a backend surely reports its counts when it ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user"
        )
        backends = [pid for (pid,) in cursor.fetchall()]
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's connection has it
    deadline = time.monotonic() + BACKEND_END_SECONDS  # those of other processes go on
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT deadlocks, EXISTS (SELECT FROM pg_stat_activity WHERE pid = ANY(%s))"
                " FROM pg_stat_database WHERE datname = current_database()",
                [backends],
            )
            deadlocks, is_early = cursor.fetchone()
            if not is_early or time.monotonic() > deadline:
                return int(deadlocks)
            time.sleep(0.05)
