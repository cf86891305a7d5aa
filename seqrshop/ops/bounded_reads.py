"""Readings of PostgreSQL and Redis that hold nobody up, whatever the two do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, InterfaceError, connection
from redis.exceptions import RedisError

from payments.polling import read_heartbeats

logger = logging.getLogger(__name__)

READ_SECONDS = 2.0  # longer than any reading takes, shorter than a load balancer waits

T = TypeVar("T")


class Reading(Generic[T]):
    """Something read from PostgreSQL, in a thread of its own and one at a time.

    Whoever asks meanwhile shares what is being read: many askers are no load, and a PostgreSQL
    that hangs holds one thread and one connection.
    """

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reading")
        self._lock = threading.Lock()
        self._under_way: Future[T] | None = None

    def now(self) -> T | None:
        """Return what PostgreSQL says, or None where it is away or slower than READ_SECONDS."""
        with self._lock:
            if self._under_way is None or self._under_way.done():
                self._under_way = self._thread.submit(self._make)
            reading = self._under_way
        try:
            return reading.result(READ_SECONDS)
        except (DatabaseError, InterfaceError, TimeoutError) as error:
            logger.error("the database is away: %s", type(error).__name__)
            return None

    def _make(self) -> T:
        try:
            return self._read()
        finally:
            connection.close()


def told() -> dict[int, dict[str, Any] | None] | None:
    """Return what each shard of the poller last told in Redis, or None where Redis is away."""
    try:
        return read_heartbeats()
    except RedisError:
        return None
