"""The poller's shards: whether each is polled, and whether SEQR answers about its invoices."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError, InterfaceError

from seqrshop.ops.bounded_reads import heartbeats_or_none
from seqrshop.ops.doctor.finding import Finding, count, duration, failed, ok, unknown
from seqrshop.ops.health_snapshot import (
    HealthSnapshot,
    ShardStatus,
    read_health_snapshot,
    shard_statuses,
)
from seqrshop.ops.risks import MAX_ROUND_AGE_SECONDS, Problem, shard_risks

_RISKS = {
    Problem.UNANSWERED: (
        "SEQR has not answered about an open payment for {age}; it reverses it after 20 seconds.",
        "See the lines about SEQR and the poller's log.",
    ),
    Problem.UNREAD: (
        "It has not read its open payments for {age}, and queries no new one.",
        "Check that the poller's machine reaches PostgreSQL.",
    ),
}


def shards() -> Iterator[Finding]:
    """Check each shard, by its heartbeat in Redis or its row in PostgreSQL."""
    heartbeats, snapshot = heartbeats_or_none(), _snapshot()
    if heartbeats is None and snapshot is None:
        yield unknown("shards", "Redis and PostgreSQL")
        return
    statuses = shard_statuses(heartbeats or {}, snapshot.shard_rows if snapshot else {})
    findings = [
        *_unpolled(statuses),
        *_at_risk(statuses, snapshot, redis_is_up=heartbeats is not None),
    ]
    yield from findings or [_polled(statuses)]


def polled_shards() -> Iterator[Finding]:
    """Check whether all shards are polled, for the health check of a poller's container.

    A poller that starts while PostgreSQL is away polls nothing yet, and a restart would not help.
    """
    heartbeats, snapshot = heartbeats_or_none(), _snapshot()
    statuses = shard_statuses(heartbeats or {}, snapshot.shard_rows if snapshot else {})
    findings = [*_unpolled(statuses)]
    if findings and snapshot is None:
        yield unknown("shards", "PostgreSQL")
    else:
        yield from findings or [_polled(statuses)]


def _polled(statuses: dict[int, ShardStatus | None]) -> Finding:
    return ok("shards", f"{count(len(statuses), 'shard')} polled.")


def _unpolled(statuses: dict[int, ShardStatus | None]) -> Iterator[Finding]:
    """Yield one finding for all shards that are not polled."""
    ages = [
        status.round_age if status else None
        for status in statuses.values()
        if status is None or status.round_age > MAX_ROUND_AGE_SECONDS
    ]
    if not ages:
        return
    known = [age for age in ages if age is not None]
    since = f" for {duration(max(known))}" if len(known) == len(ages) else ""
    yield failed(
        "shards",
        f"Nobody has polled {len(ages)} of {count(len(statuses), 'shard')}{since}: SEQR reverses "
        "payments after 20 seconds.",
        "Start or restart a poller now.",
    )


def _at_risk(
    statuses: dict[int, ShardStatus | None], snapshot: HealthSnapshot | None, *, redis_is_up: bool
) -> Iterator[Finding]:
    for risk in shard_risks(statuses, snapshot, redis_is_up=redis_is_up):
        if risk.problem in _RISKS:
            message, advice = _RISKS[risk.problem]
            yield failed(
                f"shard {risk.shard}", message.format(age=duration(risk.age or 0.0)), advice
            )


def _snapshot() -> HealthSnapshot | None:
    try:
        return read_health_snapshot()
    except (DatabaseError, InterfaceError):
        return None
