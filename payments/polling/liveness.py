"""Detects stalled shards, so that callers can query SEQR themselves."""

import time
from collections.abc import Mapping
from typing import Any

from redis.exceptions import RedisError

from payments.polling.heartbeat import read_heartbeats
from payments.polling.shards import shard_row_is_stale

STALLED_AFTER_SECONDS = 2.0  # a shard publishes its heartbeat each second
REDIS_PAUSE_SECONDS = 5.0  # after a failure no caller waits for Redis for so long

_redis_paused_until = 0.0


def stalled_shards() -> set[int]:
    """Return the shards whose heartbeat is missing or older than STALLED_AFTER_SECONDS.

    Raises RedisError when Redis does not answer.
    """
    return {
        shard
        for shard, heartbeat in read_heartbeats().items()
        if heartbeat is None or _is_old(heartbeat)
    }


def shard_is_stalled(shard: int) -> bool:
    """Return whether a shard is stalled, by its heartbeat, or by its row if it has none."""
    heartbeat = _heartbeat_of(shard)
    return shard_row_is_stale(shard) if heartbeat is None else _is_old(heartbeat)


def _heartbeat_of(shard: int) -> Mapping[str, Any] | None:
    global _redis_paused_until  # noqa: PLW0603 - of the process, as the connections are
    if time.monotonic() < _redis_paused_until:
        return None
    try:
        return read_heartbeats().get(shard)
    except RedisError:
        _redis_paused_until = time.monotonic() + REDIS_PAUSE_SECONDS
        return None


def _is_old(heartbeat: Mapping[str, Any]) -> bool:
    return bool(time.time() - heartbeat["round_started_at"] > STALLED_AFTER_SECONDS)
