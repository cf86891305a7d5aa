"""Redis clients, and the circuit breaker in front of Redis.

Nothing depends on Redis for correctness: every user of it continues without it. So no client waits
long for an answer, and after a failure the breaker skips Redis for a while.
"""

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings
from redis import asyncio as async_redis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

# How long one command may delay its caller.
PUBLISH_TIMEOUT_SECONDS = 0.1
RATE_LIMIT_TIMEOUT_SECONDS = 0.2
POLLER_TIMEOUT_SECONDS = 0.5
SUBSCRIBE_TIMEOUT_SECONDS = 1.0
SUBSCRIBER_HEALTH_CHECK_SECONDS = 5.0  # of silence, after which Redis is pinged
BREAKER_SECONDS = 5.0  # how long Redis is skipped after a failure

T = TypeVar("T")


def redis_client(timeout_seconds: float) -> "redis.Redis":
    """Return this process's client with this time-out, made at the first call."""
    return _client(settings.REDIS_URL, timeout_seconds)


@cache
def _client(url: str, timeout_seconds: float) -> "redis.Redis":
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        # A pooled connection may be older than the server. A time-out is never repeated.
        retry=Retry(NoBackoff(), 1, (RedisConnectionError,)),
    )


def subscriber_client() -> async_redis.Redis:
    """Return a new asynchronous client for one subscription, which reconnects by itself."""
    return async_redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=SUBSCRIBE_TIMEOUT_SECONDS,
        health_check_interval=SUBSCRIBER_HEALTH_CHECK_SECONDS,
        retry=AsyncRetry(NoBackoff(), 0),
    )


class CircuitBreaker:
    """Skips Redis for BREAKER_SECONDS after a failure, so that only one caller waits for it."""

    def __init__(self) -> None:
        self._open_until = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether Redis is skipped now."""
        return time.monotonic() < self._open_until

    def call(self, command: Callable[[], T], *, otherwise: str) -> T | None:
        """Return the command's answer, or None without Redis; the log then says `otherwise`."""
        if self.is_open:
            return None
        try:
            return command()
        except RedisError as error:
            self._open_until = time.monotonic() + BREAKER_SECONDS
            logger.warning("%s: Redis is unavailable (%s)", otherwise, type(error).__name__)
            return None

    def reset(self) -> None:
        """Use Redis again at once."""
        self._open_until = float("-inf")


breaker = CircuitBreaker()  # one for the process, since all its clients have the same Redis
