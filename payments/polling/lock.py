"""The lock that keeps two loops from polling one shard, where Redis can be reached."""

import logging

from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from payments.polling.redis import poll_redis

logger = logging.getLogger(__name__)

HELD_SECONDS = 2.5  # a killed loop's shard is free again after this


class PollLock:
    """A shard's lock. Where Redis is away it counts as held: asking twice does no harm."""

    def __init__(self, shard: int) -> None:
        self.is_sure = False  # whether Redis has confirmed it
        self._lock = Lock(
            poll_redis(), f"seqrshop:poll:{shard}", timeout=HELD_SECONDS, thread_local=False
        )

    def take(self) -> bool:
        """Return False where another loop holds the lock."""
        try:
            self.is_sure = bool(self._lock.acquire(blocking=False))
        except RedisError as error:
            return self._without_redis(error)
        return self.is_sure

    def keep(self) -> bool:
        """Hold the lock for another while; return False where another loop has taken it over."""
        try:
            if self._lock.local.token is None:  # taken while Redis was away
                return self.take()
            self.is_sure = bool(self._lock.reacquire())
        except LockError:
            return self.take()  # it lapsed; free again, unless someone was quicker
        except RedisError as error:
            return self._without_redis(error)
        return self.is_sure

    def give_back(self) -> None:
        """Free the lock, so that the next loop need not wait until it lapses."""
        try:
            if self._lock.local.token is not None:
                self._lock.release()
        except RedisError:
            logger.info("the shard's lock is left to lapse")

    def _without_redis(self, error: RedisError) -> bool:
        self.is_sure = False
        logger.warning("polling on without Redis: %s", type(error).__name__)
        return True
