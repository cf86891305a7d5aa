"""How the shop stands, in figures, for those who watch it. Reads, and changes nothing."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet

from orders.clock import database_now
from payments.availability.pause import payments_are_paused
from payments.models import (
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
from payments.receipts.submit import RECEIPT_IS_WANTED


@dataclass(frozen=True)
class ShardStatus:
    """What a shard of the poller last told of itself, and where. Ages are in seconds.

    `oldest_answer_age` is the time since which each of its open invoices has had an answer.
    `figures` are those of `told_of_shards`; the row in PostgreSQL has none.
    """

    source: str
    round_age: float
    oldest_answer_age: float
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class HealthSnapshot:
    """What PostgreSQL tells of the poller and of what a person has to see."""

    rows: dict[int, ShardStatus]  # by shard
    open_invoices: dict[int, int]  # by shard
    open_cases: dict[str, int]  # by kind
    payments_are_paused: bool


@dataclass(frozen=True)
class Backlog:
    """How many of each kind wait for something."""

    invoices_to_send: int
    refunds_unknown: int
    mails: int
    receipts: int


def health_snapshot() -> HealthSnapshot:
    """Read how the shop stands. Cheap enough for each second."""
    now = database_now()
    return HealthSnapshot(
        rows={
            row.number: ShardStatus(
                "row",
                (now - row.round_started_at).total_seconds(),
                (now - row.oldest_answer_at).total_seconds(),
            )
            for row in PollShard.objects.all()
        },
        open_invoices=dict.fromkeys(range(settings.SEQR_POLL_SHARDS), 0)
        | _counted(invoices_to_poll(), "shard"),
        open_cases=dict.fromkeys(CaseKind.values, 0)
        | _counted(MoneyCase.objects.filter(closed_at=None), "kind"),
        payments_are_paused=payments_are_paused(),
    )


def waiting() -> Backlog:
    """Count what waits."""
    unsent = (InvoiceStatus.CREATED, InvoiceStatus.SENDING)
    return Backlog(
        invoices_to_send=Invoice.objects.filter(status__in=unsent).count(),
        refunds_unknown=Refund.objects.filter(status=RefundStatus.UNKNOWN).count(),
        mails=OutboxMail.objects.filter(sent_at=None).count(),
        receipts=Invoice.objects.filter(RECEIPT_IS_WANTED).count(),
    )


def states_of_shards(
    told: Mapping[int, Mapping[str, Any] | None], rows: Mapping[int, ShardStatus]
) -> dict[int, ShardStatus | None]:
    """Return each shard's state by the later of its word in Redis and its row, None without both.

    The row is up to 5 seconds behind the word; it is the later one where a poller reaches
    PostgreSQL and not Redis.
    """
    states: dict[int, ShardStatus | None] = {}
    for shard in range(settings.SEQR_POLL_SHARDS):
        word, row = told.get(shard), rows.get(shard)
        known = [state for state in (_state_of(word) if word else None, row) if state]
        states[shard] = min(known, key=lambda state: state.round_age, default=None)
    return states


def _state_of(word: Mapping[str, Any]) -> ShardStatus:
    now = time.time()
    return ShardStatus(
        "redis",
        # Another machine's clock may be ahead of ours.
        max(0.0, now - word["round_started_at"]),
        max(0.0, now - word["oldest_answer_at"]),
        word,
    )


def _counted(rows: QuerySet[Any], by: str) -> dict[Any, int]:
    return dict(rows.order_by().values_list(by).annotate(Count("pk")))
