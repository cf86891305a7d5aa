"""Redis clients, and the circuit breaker in front of Redis.

Nothing depends on Redis for correctness: every user of it continues without it. So no client waits
long for an answer, and after a failure the breaker skips Redis for a while.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerError
from redis import asyncio as async_redis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

# How long one command may delay its caller. A request waits for Redis once: its first failure opens
# the breaker, and the rest of the request skips Redis.
PUBLISH_TIMEOUT_SECONDS = 0.1
BROKER_TIMEOUT_SECONDS = 0.1
REQUEST_TIMEOUT_SECONDS = 0.2
POLLER_TIMEOUT_SECONDS = 0.5  # in a thread that nothing waits for
SUBSCRIBE_TIMEOUT_SECONDS = 1.0
SUBSCRIBER_HEALTH_CHECK_SECONDS = 5.0  # of silence, after which Redis is pinged
BREAKER_SECONDS = 5.0  # how long Redis is skipped after a failure
BROKER_BREAKER_SECONDS = 1.0  # how long nothing is enqueued after it: a customer may wait for it

T = TypeVar("T")


def redis_client(timeout_seconds: float, url: str = "") -> "redis.Redis":
    """Return this process's client with this time-out, made at the first call.

    It uses the Redis of REDIS_URL unless another one's address is given.
    """
    return _client(url or settings.REDIS_URL, timeout_seconds)


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
    """Skips Redis after a failure, so that only one caller waits for it."""

    def __init__(self) -> None:
        self._failed_at = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether Redis is skipped now."""
        return self._has_failed_within(BREAKER_SECONDS)

    def call(
        self, command: Callable[[], T], *, otherwise: str, skip_seconds: float | None = None
    ) -> T | None:
        """Return the command's answer, or None without Redis; the log then says `otherwise`.

        Redis is skipped for `skip_seconds` after a failure, by default for BREAKER_SECONDS.
        """
        if self._has_failed_within(BREAKER_SECONDS if skip_seconds is None else skip_seconds):
            return None
        try:
            return command()
        except (RedisError, BrokerError) as error:
            self._failed_at = time.monotonic()
            logger.warning("%s: Redis is unavailable (%s)", otherwise, type(error).__name__)
            return None

    def reset(self) -> None:
        """Use Redis again at once."""
        self._failed_at = float("-inf")

    def _has_failed_within(self, seconds: float) -> bool:
        return time.monotonic() - self._failed_at < seconds


breaker = CircuitBreaker()  # one for the process: nearly all its clients have the same Redis
_other_breakers: defaultdict[str, CircuitBreaker] = defaultdict(CircuitBreaker)


def breaker_of(url: str) -> CircuitBreaker:
    """Return the breaker in front of the Redis at an address."""
    return breaker if url == settings.REDIS_URL else _other_breakers[url]
