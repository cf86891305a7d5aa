"""Detects shards whose invoices get no answers, so that callers can query SEQR themselves."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from payments.models import PollShard
from payments.polling.heartbeat import read_heartbeats
from payments.polling.shards import ROW_INTERVAL_SECONDS, ROW_STALE_AFTER
from seqrshop.redis_client import breaker

STALLED_AFTER_SECONDS = 2.0  # a shard publishes its heartbeat twice a second
# Beyond the interval between two polls. Callers that then query SEQR themselves need the rest of
# the 20 seconds.
ANSWER_OVERDUE_SECONDS = 5.0


def stalled_shards() -> set[int]:
    """Return the shards that do not poll, or whose invoices wait too long for an answer.

    Raises RedisError when Redis does not answer.
    """
    return {
        shard
        for shard, heartbeat in read_heartbeats().items()
        if heartbeat is None or _is_stalled(heartbeat)
    }


def shard_is_stalled(shard: int) -> bool:
    """Return whether a shard is stalled, by its heartbeat, or by its row if it has none."""
    heartbeats = breaker.call(read_heartbeats, otherwise="heartbeats of the poller are not read")
    heartbeat = heartbeats.get(shard) if heartbeats else None
    return _row_is_stalled(shard) if heartbeat is None else _is_stalled(heartbeat)


def _is_stalled(heartbeat: Mapping[str, Any]) -> bool:
    now = time.time()
    # An invoice issued after the last read has no answer either.
    answered_at = min(heartbeat["oldest_answer_at"], heartbeat["read_at"])
    return bool(
        now - heartbeat["round_started_at"] > STALLED_AFTER_SECONDS
        or now - answered_at > _max_answer_age_seconds()
    )


def _row_is_stalled(shard: int) -> bool:
    max_answer_age = timedelta(seconds=ROW_INTERVAL_SECONDS + _max_answer_age_seconds())
    return not PollShard.objects.filter(
        number=shard,
        count=settings.SEQR_POLL_SHARDS,
        round_started_at__gt=Now() - ROW_STALE_AFTER,
        oldest_answer_at__gt=Now() - max_answer_age,
    ).exists()


def _max_answer_age_seconds() -> float:
    interval: float = settings.SEQR_POLL_INTERVAL_SECONDS
    return interval + ANSWER_OVERDUE_SECONDS
