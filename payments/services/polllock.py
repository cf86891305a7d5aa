"""The lock that keeps two loops from polling one shard, where Redis can be reached."""

import logging
from functools import cache

import redis
from django.conf import settings
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

logger = logging.getLogger(__name__)

HELD_SECONDS = 4.0  # a killed loop's shard is free again after this


@cache
def _redis() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)


class PollLock:
    """A shard's lock. Where Redis is away it counts as held: asking twice does no harm."""

    def __init__(self, shard: int) -> None:
        self._lock = Lock(
            _redis(), f"seqrshop:poll:{shard}", timeout=HELD_SECONDS, thread_local=False
        )

    def take(self) -> bool:
        """Return False where another loop holds the lock."""
        try:
            return bool(self._lock.acquire(blocking=False))
        except RedisError as error:
            return self._without_redis(error)

    def keep(self) -> bool:
        """Hold the lock for another while; return False where another loop has taken it over."""
        try:
            if self._lock.local.token is None:  # taken while Redis was away
                return self.take()
            return bool(self._lock.reacquire())
        except LockError:
            return self.take()  # it lapsed; free again, unless someone was quicker
        except RedisError as error:
            return self._without_redis(error)

    def give_back(self) -> None:
        """Free the lock, so that the next loop need not wait until it lapses."""
        try:
            if self._lock.local.token is not None:
                self._lock.release()
        except RedisError:
            logger.info("the shard's lock is left to lapse")

    def _without_redis(self, error: RedisError) -> bool:
        logger.warning("polling on without Redis: %s", type(error).__name__)
        return True
