"""Reads of PostgreSQL and Redis that return in bounded time, even while the servers hang."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, InterfaceError, connection
from redis.exceptions import RedisError

from payments.polling import read_heartbeats
from seqrshop.process_metrics.shared import SharedMetrics, read_shared_metrics

logger = logging.getLogger(__name__)

READ_TIMEOUT_SECONDS = 2.0  # shorter than a load balancer's time-out

T = TypeVar("T")


class SharedRead(Generic[T]):
    """A read of PostgreSQL in a thread of its own, one at a time.

    Concurrent callers share the read in progress: many callers cause no load, and a PostgreSQL
    that hangs blocks one thread and one connection. The log says `failure` where it fails.
    """

    def __init__(
        self, read: Callable[[], T], *, failure: str = "the database is unavailable"
    ) -> None:
        self._read = read
        self._failure = failure
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="shared-read")
        self._lock = threading.Lock()
        self._in_progress: Future[T] | None = None

    def result(self, timeout_seconds: float | None = None) -> T | None:
        """Return the result, or None after a database error or a time, READ_TIMEOUT_SECONDS."""
        with self._lock:
            if self._in_progress is None or self._in_progress.done():
                self._in_progress = self._thread.submit(self._run)
            future = self._in_progress
        try:
            return future.result(timeout_seconds or READ_TIMEOUT_SECONDS)
        except (DatabaseError, InterfaceError, TimeoutError) as error:
            logger.error("%s: %s", self._failure, type(error).__name__)
            return None

    def _run(self) -> T:
        try:
            return self._read()
        finally:
            connection.close()


def heartbeats_or_none() -> dict[int, dict[str, Any] | None] | None:
    """Return each shard's latest heartbeat, or None while Redis is unavailable."""
    try:
        return read_heartbeats()
    except RedisError:
        return None


def shared_metrics_or_none() -> SharedMetrics | None:
    """Return what all processes have counted, or None while Redis is unavailable."""
    try:
        return read_shared_metrics()
    except RedisError:
        return None
