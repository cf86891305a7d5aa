"""Running something several times at once, each with a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def at_once(times: int, work: Callable[[], Result]) -> list[Result]:
    """Run `work` in so many threads that start together; return their results."""
    barrier = Barrier(times)

    def run(_n: int) -> Result:
        barrier.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))
