"""What a shard tells of itself: in Redis each second, in the log every ten."""

import json
import logging
import time
from typing import Any

from django.conf import settings
from redis.exceptions import RedisError

from payments.polling.poller import ShardPoller
from payments.polling.redis import poll_redis
from payments.polling.stats import Figures, Histogram

logger = logging.getLogger(__name__)

KEPT_SECONDS = 60
LINE_SECONDS = 10.0


class Telling:
    """Leaves word of one shard's asking where others look for it."""

    def __init__(self, shard: int, asking: ShardPoller) -> None:
        self._shard = shard
        self._asking = asking
        self._line: dict[str, Any] = {}

    def step(self) -> None:
        """Leave word; a line in the log with it when one is due."""
        word = self._asking.word
        figures = self._asking.figures
        if word.at - figures.since >= LINE_SECONDS:
            self._asking.figures = Figures(word.at)
            self._line = _line(figures, word.at - figures.since)
            logger.info(
                "shard %s: %s", self._shard, " ".join(f"{k}={v}" for k, v in self._line.items())
            )
        clock, wall = time.monotonic(), time.time()
        told = {
            "round_started_at": wall - (clock - word.at),
            "oldest_due_at": wall - (clock - word.oldest_due),
            "oldest_answer_at": wall - (clock - word.oldest_heard),
            "open": word.open,
            "in_flight": self._asking.under_way,
            **self._line,
        }
        try:
            poll_redis().set(_key(self._shard), json.dumps(told), ex=KEPT_SECONDS)
        except RedisError as error:
            logger.warning("shard %s cannot leave word: %s", self._shard, type(error).__name__)


def read_heartbeats() -> dict[int, dict[str, Any] | None]:
    """Return what each shard last told, None for one that has told nothing for a minute.

    Times are seconds since 1970. Raises RedisError where Redis is away.
    """
    shards = range(settings.SEQR_POLL_SHARDS)
    told = poll_redis().mget([_key(shard) for shard in shards])
    return {
        shard: json.loads(word) if word else None for shard, word in zip(shards, told, strict=True)
    }


def _key(shard: int) -> str:
    return f"seqrshop:polled:{shard}"


def _line(figures: Figures, seconds: float) -> dict[str, Any]:
    line: dict[str, Any] = {"polls_per_second": round(figures.asked / seconds, 1)}
    for name, spread in (
        ("late", figures.lateness),
        ("answer", figures.answer_time),
        ("paid_to_recorded", figures.paid_to_recorded),
    ):
        line |= _milliseconds(name, spread)
    return line | {f"errors_{kind}": count for kind, count in figures.errors.items()}


def _milliseconds(name: str, spread: Histogram) -> dict[str, int]:
    return {
        f"{name}_p50_ms": round(spread.share(0.5) * 1000),
        f"{name}_p99_ms": round(spread.share(0.99) * 1000),
        f"{name}_max_ms": round(spread.highest * 1000),
    }
