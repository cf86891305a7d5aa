"""Publishes each shard's heartbeat to Redis, and its statistics to the log every ten seconds."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError

from payments.models import Shard, current_shards
from payments.polling.capacity import capacity_advice
from payments.polling.poller import ShardPoller
from payments.polling.stats import Histogram, PollStats
from seqrshop.redis_client import (
    POLLER_TIMEOUT_SECONDS,
    REQUEST_TIMEOUT_SECONDS,
    redis_client,
)

logger = logging.getLogger(__name__)

HEARTBEAT_TTL_SECONDS = 60
STATS_INTERVAL_SECONDS = 10.0
# What every reader needs.
REQUIRED_FIELDS = frozenset({"round_started_at", "oldest_due_at", "oldest_answer_at", "read_at"})


class HeartbeatPublisher:
    """Publishes the heartbeat and the statistics of one shard.

    `read_began_at` returns when the last read of the open invoices began, by the poller's clock:
    invoices issued later are not queried yet.
    """

    def __init__(
        self, shard: Shard, poller: ShardPoller, read_began_at: Callable[[], float]
    ) -> None:
        self._shard = shard
        self._poller = poller
        self._read_began_at = read_began_at
        self._stats: dict[str, Any] = {}
        self._advised_at = float("-inf")

    def publish(self) -> None:
        """Publish the heartbeat to Redis, and log the statistics when they are due.

        To be called every half second, as the shard's lock is renewed.
        """
        heartbeat = self._poller.heartbeat
        stats = self._poller.stats
        if heartbeat.at - stats.since >= STATS_INTERVAL_SECONDS:
            self._poller.stats = PollStats(heartbeat.at)
            self._stats = _stats_fields(stats, heartbeat.at - stats.since)
            logger.info(
                "shard %s: %s", self._shard, " ".join(f"{k}={v}" for k, v in self._stats.items())
            )
        clock, wall = time.monotonic(), time.time()
        published = {
            "round_started_at": wall - (clock - heartbeat.at),
            "oldest_due_at": wall - (clock - heartbeat.oldest_due),
            "oldest_answer_at": wall - (clock - heartbeat.oldest_answer),
            "refused_since": self._refused_since(wall - clock),
            "read_at": wall - (clock - self._read_began_at()),
            "open": heartbeat.open,
            "in_flight": self._poller.in_flight,
            **self._capacity(clock),
            **self._stats,
        }
        try:
            redis_client(POLLER_TIMEOUT_SECONDS).set(
                _key(self._shard), json.dumps(published), ex=HEARTBEAT_TTL_SECONDS
            )
        except RedisError as error:
            logger.warning(
                "shard %s cannot publish its heartbeat: %s", self._shard, type(error).__name__
            )

    def _refused_since(self, clock_offset: float) -> float | None:
        """Return when SEQR last answered about each invoice whose terminal it refuses."""
        refused = self._poller.heartbeat.refused
        return min(refused.values()) + clock_offset if refused else None

    def _capacity(self, now: float) -> dict[str, Any]:
        """Return the calls in flight that are needed and allowed, and log what is missing."""
        poller, concurrency = self._poller, self._poller.concurrency
        needed, allowed = concurrency.lasting_need, poller.max_in_flight
        is_overloaded = concurrency.is_overloaded
        advice = capacity_advice(needed, allowed, self._shard.count)
        if (advice or is_overloaded) and now - self._advised_at >= STATS_INTERVAL_SECONDS:
            self._advised_at = now
            if is_overloaded:
                logger.warning("shard %s: SEQR answers too few queries a second", self._shard)
            else:
                logger.warning(
                    "shard %s: SEQR answers slowly: "
                    "%s calls in flight are needed, %s allowed; set %s",
                    self._shard,
                    needed,
                    allowed,
                    advice,
                )
        return {
            "needed_in_flight": needed,
            "in_flight_limit": concurrency.limit,
            "max_in_flight": allowed,
            "is_overloaded": is_overloaded,
        }


def read_heartbeats() -> dict[int, dict[str, Any] | None]:
    """Return each shard's latest heartbeat, None for a shard without one for a minute.

    During an upgrade a poller of another version may publish one that lacks a required field: it
    counts as none. Times are seconds since 1970. Raises RedisError when Redis does not answer.
    """
    shards = current_shards()
    published = redis_client(REQUEST_TIMEOUT_SECONDS).mget([_key(shard) for shard in shards])
    return {
        shard.number: _heartbeat_in(value) for shard, value in zip(shards, published, strict=True)
    }


def _heartbeat_in(published: bytes | str | None) -> dict[str, Any] | None:
    heartbeat: dict[str, Any] = json.loads(published) if published else {}
    return heartbeat if heartbeat.keys() >= REQUIRED_FIELDS else None


def _key(shard: Shard) -> str:
    return f"seqrshop:heartbeat:{shard}"


def _stats_fields(stats: PollStats, seconds: float) -> dict[str, Any]:
    fields: dict[str, Any] = {"polls_per_second": round(stats.queries / seconds, 1)}
    for name, histogram in (
        ("late", stats.lateness),
        ("answer", stats.answer_time),
        ("paid_to_recorded", stats.paid_to_recorded),
    ):
        fields |= _milliseconds(name, histogram)
    return fields | {f"errors_{kind}": count for kind, count in stats.errors.items()}


def _milliseconds(name: str, histogram: Histogram) -> dict[str, int]:
    return {
        f"{name}_p50_ms": round(histogram.percentile(0.5) * 1000),
        f"{name}_p99_ms": round(histogram.percentile(0.99) * 1000),
        f"{name}_max_ms": round(histogram.highest * 1000),
    }
