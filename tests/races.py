"""Runs work in several threads, each with its own database connection."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TypeVar

from django.db import connection, transaction

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


@contextmanager
def held(*locks: Callable[[], object]) -> Iterator[None]:
    """Hold locks in a transaction of another connection, which does not go on."""
    released, taken = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            for lock in locks:
                lock()
            taken.set()
            released.wait(60)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(30)
    try:
        yield
    finally:
        released.set()
        holder.join()


def wait_for_lock_wait() -> None:
    """Wait until a transaction waits for another one's lock, in this test's database."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while time.monotonic() < deadline:
        if somebody_waits_for_lock():
            return
        time.sleep(0.01)
    raise AssertionError("no transaction waits for a lock")


def somebody_waits_for_lock() -> bool:
    """Whether a transaction of this test's database waits for another one's lock.

    A row's lock is no database's own, but who waits for it holds one of a table beside it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks waiting JOIN pg_locks held USING (pid)"
            " JOIN pg_database ON pg_database.oid = held.database"
            " WHERE NOT waiting.granted AND datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


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
