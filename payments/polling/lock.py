"""The Redis lock that gives a shard to one loop, as long as Redis answers."""

import logging
import uuid

from redis.exceptions import LockNotOwnedError, RedisError
from redis.lock import Lock

from payments.models import Shard, current_shards
from seqrshop.redis_client import POLLER_TIMEOUT_SECONDS, redis_client

logger = logging.getLogger(__name__)

LOCK_TTL_SECONDS = 2.5  # a killed loop's shard is free again after this
_REPLACE_HOLDER = """
    if redis.call("get", KEYS[1]) ~= ARGV[1] then return 0 end
    redis.call("set", KEYS[1], ARGV[2], "px", ARGV[3])
    return 1
"""


def locked_shards() -> dict[Shard, str]:
    """Return the shards whose lock is held, each with its holder's token. Raises RedisError."""
    shards = current_shards()
    tokens = redis_client(POLLER_TIMEOUT_SECONDS).mget([_key(shard) for shard in shards])
    return {
        shard: token.decode() if isinstance(token, bytes) else token
        for shard, token in zip(shards, tokens, strict=True)
        if token is not None
    }


def holder_of(token: str) -> str:
    """Return the poller that holds the lock with this token."""
    return token.rpartition(":")[0]


class ShardLock:
    """A shard's lock. Without Redis it counts as held, since polling twice does no harm.

    `holder` names the poller. The lock of another poller is taken over if its token is `replaces`.
    """

    def __init__(self, shard: Shard, holder: str = "", *, replaces: str | None = None) -> None:
        self.shard = shard
        self._token = f"{holder}:{uuid.uuid4().hex}"
        self._replaces = replaces
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
            if self._replaces is not None:
                return self._replace_token(self._replaces)
            return bool(self._lock.acquire(blocking=False, token=self._token))
        except RedisError as error:
            return self._assume_held(error)

    def _replace_token(self, token: str) -> bool:
        self._replaces = None  # later it is renewed like any other
        arguments = (_key(self.shard), token, self._token, int(LOCK_TTL_SECONDS * 1000))
        return bool(redis_client(POLLER_TIMEOUT_SECONDS).eval(_REPLACE_HOLDER, 1, *arguments))

    def release(self) -> None:
        """Release the lock, so that the next loop need not wait until it lapses."""
        try:
            self._lock.local.token = self._token
            self._lock.release()
        except RedisError:
            logger.info("shard %s: the lock is not released; it lapses by itself", self.shard)

    def _assume_held(self, error: RedisError) -> bool:
        logger.warning("shard %s is polled without Redis: %s", self.shard, type(error).__name__)
        return True


def _key(shard: Shard) -> str:
    return f"seqrshop:poll:{shard}"
