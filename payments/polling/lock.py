"""The Redis lock that gives a shard to one loop, as long as Redis answers."""

import logging
import uuid

from redis.exceptions import LockNotOwnedError, RedisError
from redis.lock import Lock

from payments.models import Shard, current_shards
from seqrshop.redis_client import POLLER_TIMEOUT_SECONDS, redis_client

logger = logging.getLogger(__name__)

LOCK_TTL_SECONDS = 2.5  # a killed loop's shard is free again after this


def locked_shards() -> set[Shard]:
    """Return the shards whose lock is held. Raises RedisError."""
    shards = current_shards()
    tokens = redis_client(POLLER_TIMEOUT_SECONDS).mget([_key(shard) for shard in shards])
    return {shard for shard, token in zip(shards, tokens, strict=True) if token is not None}


class ShardLock:
    """A shard's lock. Without Redis it counts as held, since polling twice does no harm."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._token = uuid.uuid4().hex
        self._lock = Lock(
            redis_client(POLLER_TIMEOUT_SECONDS),
            _key(shard),
            timeout=LOCK_TTL_SECONDS,
            thread_local=False,
        )

    def acquire(self) -> bool:
        """Acquire the lock, or renew it; return False if another loop holds it.

        The token stays the same, so that a lock whose confirmation was lost is found to be ours.
        """
        self._lock.local.token = self._token
        try:
            return bool(self._lock.reacquire())
        except LockNotOwnedError:
            return self._acquire_free()
        except RedisError as error:
            return self._assume_held(error)

    def _acquire_free(self) -> bool:
        try:
            return bool(self._lock.acquire(blocking=False, token=self._token))
        except RedisError as error:
            return self._assume_held(error)

    def release(self) -> None:
        """Release the lock, so that the next loop need not wait until it lapses."""
        try:
            self._lock.local.token = self._token
            self._lock.release()
        except RedisError:
            logger.info("shard %s: the lock is not released; it lapses by itself", self._shard)

    def _assume_held(self, error: RedisError) -> bool:
        logger.warning("shard %s is polled without Redis: %s", self._shard, type(error).__name__)
        return True


def _key(shard: Shard) -> str:
    return f"seqrshop:poll:{shard}"
