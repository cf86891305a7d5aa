"""Judges from the health snapshot and the heartbeats whether open payments are at risk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from payments.polling.shards import ROW_STALE_AFTER
from seqrshop.ops.health_snapshot import HealthSnapshot, ShardStatus

# Half of the 20 seconds after which SEQR reverses a payment: the rest is left for another poller,
# or a person, to act.
MAX_ANSWER_AGE_SECONDS = 10.0
MAX_ROUND_AGE_SECONDS = ROW_STALE_AFTER.total_seconds()


class Problem(StrEnum):
    """Why the open invoices of a shard are at risk."""

    STALLED = "stalled"  # the shard runs no rounds
    UNANSWERED = "unanswered"  # SEQR does not answer about an open invoice
    UNREAD = "unread"  # the shard does not read which invoices are open


@dataclass(frozen=True)
class ShardRisk:
    """The worst problem of a shard that has open invoices, and its age in seconds, if known."""

    shard: int
    problem: Problem
    age: float | None


def shard_risks(
    statuses: Mapping[int, ShardStatus | None],
    snapshot: HealthSnapshot | None,
    *,
    redis_is_up: bool,
) -> Iterator[ShardRisk]:
    """Yield what endangers payments. `snapshot` is None while PostgreSQL is unavailable."""
    if snapshot is None and not redis_is_up:
        return  # nothing is known of any shard
    for number, status in statuses.items():
        if has_open_invoices(number, status, snapshot) is False:
            continue
        if status is None:
            yield ShardRisk(number, Problem.STALLED, None)
        elif status.round_age > MAX_ROUND_AGE_SECONDS:
            yield ShardRisk(number, Problem.STALLED, status.round_age)
        elif status.oldest_answer_age > MAX_ANSWER_AGE_SECONDS:
            yield ShardRisk(number, Problem.UNANSWERED, status.oldest_answer_age)
        elif snapshot and status.read_age > MAX_ANSWER_AGE_SECONDS:
            yield ShardRisk(number, Problem.UNREAD, status.read_age)


def has_open_invoices(
    number: int, status: ShardStatus | None, snapshot: HealthSnapshot | None
) -> bool | None:
    """Return whether a shard has open invoices, by PostgreSQL or its heartbeat; None if unknown."""
    if snapshot is not None:
        return snapshot.open_invoices[number] > 0
    return status.stats["open"] > 0 if status else None
