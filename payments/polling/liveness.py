"""Detects stalled shards, so that callers can query SEQR themselves."""

import time
from collections.abc import Mapping
from typing import Any

from payments.polling.heartbeat import read_heartbeats
from payments.polling.shards import shard_row_is_stale
from seqrshop.redis_client import breaker

STALLED_AFTER_SECONDS = 2.0  # a shard publishes its heartbeat each second


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
    heartbeats = breaker.call(read_heartbeats, otherwise="heartbeats of the poller are not read")
    heartbeat = heartbeats.get(shard) if heartbeats else None
    return shard_row_is_stale(shard) if heartbeat is None else _is_old(heartbeat)


def _is_old(heartbeat: Mapping[str, Any]) -> bool:
    return bool(time.time() - heartbeat["round_started_at"] > STALLED_AFTER_SECONDS)
