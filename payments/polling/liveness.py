"""Which shards of the poller do not go round just now, for those who would ask in their place."""

import time
from collections.abc import Mapping
from typing import Any

from redis.exceptions import RedisError

from payments.polling import read_heartbeats
from payments.polling.shards import shard_is_stale

QUIET_SECONDS = 2.0  # a shard leaves word each second
AWAY_SECONDS = 5.0  # after a failure a page does not wait for Redis for so long

_away_until = 0.0


def stalled_shards() -> set[int]:
    """Return the shards without a round for QUIET_SECONDS, or without any word of one.

    Raises RedisError where Redis is away, and nothing is known.
    """
    return {shard for shard, word in read_heartbeats().items() if word is None or _is_old(word)}


def shard_is_stalled(shard: int) -> bool:
    """Whether a shard has not gone round, by its word; without one, by its row in PostgreSQL."""
    word = _word_of(shard)
    return shard_is_stale(shard) if word is None else _is_old(word)


def _word_of(shard: int) -> Mapping[str, Any] | None:
    global _away_until  # noqa: PLW0603 - of the process, as the connections are
    if time.monotonic() < _away_until:
        return None
    try:
        return read_heartbeats().get(shard)
    except RedisError:
        _away_until = time.monotonic() + AWAY_SECONDS
        return None


def _is_old(word: Mapping[str, Any]) -> bool:
    return bool(time.time() - word["round_started_at"] > QUIET_SECONDS)
