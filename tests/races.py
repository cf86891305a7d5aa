"""Running something several times at once, each with a database connection of its own."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")
LONGEST_WAIT_SECONDS = 10


def at_once(times: int, work: Callable[[], Result]) -> list[Result]:
    """Run `work` in so many threads that start together; return their results."""
    barrier = Barrier(times)

    def run(_n: int) -> Result:
        barrier.wait()
        return with_own_connection(work)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))


def with_own_connection(work: Callable[[], Result]) -> Result:
    """Return what `work` returns, to be run in a thread; give its connection back."""
    try:
        return work()
    finally:
        connection.close()


def wait_until_somebody_waits() -> None:
    """Wait until another transaction waits for a lock that somebody holds."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")
