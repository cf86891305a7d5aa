"""Reads the state of the poller, the backlog and the open cases, for health and metrics."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet

from orders.audit_digest import digested_until
from orders.clock import database_now
from orders.database_roles import audit_is_protected
from orders.query_plans import planned_by_index
from payments.availability.pause import paused_terminals
from payments.models import (
    RECEIPT_PENDING,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    OutboxMail,
    PollShard,
    Refund,
    RefundStatus,
)
from payments.polling.shards import invoices_to_poll
from payments.takings.totals import ShopTotals, read_totals


@dataclass(frozen=True)
class ShardStatus:
    """A poller shard's latest heartbeat. Ages are in seconds.

    `source` is "redis" or "postgresql". SEQR has answered within `oldest_answer_age` about each
    open invoice that the shard knows, and the shard knows those that were issued longer than
    `read_age` ago. `stats` is the heartbeat as `read_heartbeats` returns it; a PostgreSQL row has
    none, and its `oldest_answer_age` is about every open invoice.
    """

    source: str
    round_age: float
    oldest_answer_age: float
    read_age: float = 0.0
    stats: Mapping[str, Any] = field(default_factory=dict)

    @property
    def silence(self) -> float:
        """The seconds within which SEQR has answered about every open invoice."""
        return max(self.oldest_answer_age, self.read_age)


@dataclass(frozen=True)
class HealthSnapshot:
    """The state of the poller and of the cases, from PostgreSQL."""

    shard_rows: dict[int, ShardStatus]  # by shard
    open_invoices: dict[int, int]  # by shard
    open_cases: dict[str, int]  # by kind
    paused_terminals: frozenset[int]
    audit_is_protected: bool


@dataclass(frozen=True)
class Backlog:
    """Numbers of unfinished things."""

    unsent_invoices: int
    unknown_refunds: int
    unsent_emails: int
    pending_receipts: int


@planned_by_index()
def read_health_snapshot() -> HealthSnapshot:
    """Read the health snapshot. Cheap enough for once a second."""
    now = database_now()
    return HealthSnapshot(
        shard_rows={
            row.number: ShardStatus(
                "postgresql",
                (now - row.round_started_at).total_seconds(),
                (now - min([row.oldest_answer_at, *row.refused.values()])).total_seconds(),
            )
            for row in PollShard.objects.filter(count=settings.SEQR_POLL_SHARDS)
        },
        open_invoices=dict.fromkeys(range(settings.SEQR_POLL_SHARDS), 0)
        | _count_by("shard", invoices_to_poll()),
        open_cases=dict.fromkeys(CaseKind.values, 0)
        | _count_by("kind", MoneyCase.objects.filter(closed_at=None)),
        paused_terminals=paused_terminals(),
        audit_is_protected=audit_is_protected(),
    )


@dataclass(frozen=True)
class Books:
    """What has happened so far: the receipts, and the time up to which the audit has digests."""

    totals: list[ShopTotals]
    audit_digested_until: datetime | None


@planned_by_index()
def read_books() -> Books:
    """Read the books."""
    return Books(totals=read_totals(), audit_digested_until=digested_until())


@planned_by_index()
def read_backlog() -> Backlog:
    """Count the backlog."""
    unsent = (InvoiceStatus.CREATED, InvoiceStatus.SENDING)
    return Backlog(
        unsent_invoices=Invoice.objects.filter(status__in=unsent).count(),
        unknown_refunds=Refund.objects.filter(status=RefundStatus.UNKNOWN).count(),
        unsent_emails=OutboxMail.objects.filter(sent_at=None).count(),
        pending_receipts=Invoice.objects.filter(RECEIPT_PENDING).count(),
    )


def shard_statuses(
    heartbeats: Mapping[int, Mapping[str, Any] | None], rows: Mapping[int, ShardStatus]
) -> dict[int, ShardStatus | None]:
    """Return each shard's status with the latest answers, from Redis or PostgreSQL, or None.

    The row is up to 5 seconds older, but the later one while a poller cannot reach Redis.
    """
    statuses: dict[int, ShardStatus | None] = {}
    for shard in range(settings.SEQR_POLL_SHARDS):
        heartbeat, row = heartbeats.get(shard), rows.get(shard)
        known = [each for each in (heartbeat and _from_heartbeat(heartbeat), row) if each]
        statuses[shard] = min(known, key=lambda status: status.silence, default=None)
    return statuses


def _from_heartbeat(heartbeat: Mapping[str, Any]) -> ShardStatus:
    now = time.time()
    answered_at = heartbeat["oldest_answer_at"]
    refused_since = heartbeat.get("refused_since") or answered_at
    return ShardStatus(
        "redis",
        # Another machine's clock may be ahead of this one's.
        max(0.0, now - heartbeat["round_started_at"]),
        max(0.0, now - min(answered_at, refused_since)),
        max(0.0, now - heartbeat["read_at"]),
        heartbeat,
    )


def _count_by(column: str, rows: QuerySet[Any]) -> dict[Any, int]:
    return dict(rows.order_by().values_list(column).annotate(Count("pk")))
