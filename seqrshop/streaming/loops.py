"""The loops that feed the streams of a process, and the threads in which they wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, InterfaceError, connection

logger = logging.getLogger(__name__)

RETRY_DELAY_SECONDS = 1.0  # after a failure of the database
THREADS = 3

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[[], Awaitable[None]]


class StreamLoops:
    """The loops of one broker. Used within one event loop."""

    def __init__(self, name: str) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=name)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *works: Work) -> None:
        """Repeat each work for ever, also after it has failed."""
        self._tasks += [asyncio.create_task(_run_forever(work)) for work in works]

    async def close(self) -> None:
        """Stop the loops."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def from_database(
        self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """Return what `read` returns in a thread, or None while the database is unavailable."""
        try:
            return await self.in_thread(read, *args, **kwargs)
        except (DatabaseError, InterfaceError) as error:
            logger.error("the database is unavailable: %s", type(error).__name__)
            return None

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `work` returns in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))


def release_connection(read: Callable[P, T]) -> Callable[P, T]:
    """Return the thread's connection to the pool after each call."""

    @wraps(read)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        finally:
            connection.close()

    return wrapped


async def _run_forever(work: Work) -> None:
    while True:
        try:
            await work()
        except Exception:
            logger.exception("a loop of the streams failed and continues")
            await asyncio.sleep(RETRY_DELAY_SECONDS)
