"""The Redis lock that gives a shard to one loop, as long as Redis answers."""

import logging

from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from payments.models import Shard
from seqrshop.redis_client import POLLER_TIMEOUT_SECONDS, redis_client

logger = logging.getLogger(__name__)

LOCK_TTL_SECONDS = 2.5  # a killed loop's shard is free again after this


class ShardLock:
    """A shard's lock. Without Redis it counts as held, since polling twice does no harm."""

    def __init__(self, shard: Shard) -> None:
        self.is_confirmed = False  # whether Redis has confirmed it
        self._lock = Lock(
            redis_client(POLLER_TIMEOUT_SECONDS),
            f"seqrshop:poll:{shard}",
            timeout=LOCK_TTL_SECONDS,
            thread_local=False,
        )

    def acquire(self) -> bool:
        """Acquire the lock; return False if another loop holds it."""
        try:
            self.is_confirmed = bool(self._lock.acquire(blocking=False))
        except RedisError as error:
            return self._assume_held(error)
        return self.is_confirmed

    def renew(self) -> bool:
        """Renew the lock; return False if another loop has acquired it."""
        try:
            if self._lock.local.token is None:  # assumed held while Redis was away
                return self.acquire()
            self.is_confirmed = bool(self._lock.reacquire())
        except LockError:
            return self.acquire()  # it lapsed, and may be free
        except RedisError as error:
            return self._assume_held(error)
        return self.is_confirmed

    def release(self) -> None:
        """Release the lock, so that the next loop need not wait until it lapses."""
        try:
            if self._lock.local.token is not None:
                self._lock.release()
        except RedisError:
            logger.info("the shard's lock could not be released; it lapses by itself")

    def _assume_held(self, error: RedisError) -> bool:
        self.is_confirmed = False
        logger.warning("polling without Redis: %s", type(error).__name__)
        return True
