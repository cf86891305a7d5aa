"""What a shard of the poller tells, in Redis by its own hand and in its row."""

import time
from datetime import timedelta

from orders.clock import database_now
from payments.invoices.status_query import StatusQuery
from payments.models import InvoiceStatus, PollShard
from payments.polling.heartbeat import LINE_SECONDS, Telling
from payments.polling.poller import OpenInvoice, ShardPoller
from tests.payments.polling.shard import MOST_UNDER_WAY, StandIn, status


def tell(
    *, round_age: float = 0.0, answer_age: float = 0.0, errors: int = 0, paid_after: float = 0.0
) -> None:
    """Let shard 0, which has three invoices, leave word as if so many seconds ago."""
    at = time.monotonic() - round_age
    now = at - LINE_SECONDS - 5
    heard_at = at - answer_age
    asking = ShardPoller(
        0,
        StandIn(lambda _key: status("ISSUED") if now <= at - answer_age else None),
        interval=1.0,
        max_in_flight=MOST_UNDER_WAY,
        clock=lambda: now,
    )
    for key in (1, 2, 3):
        asking.hand_over(
            OpenInvoice(StatusQuery(key, f"ref-{key}", 0, InvoiceStatus.ISSUED), heard_at)
        )
    if errors:
        asking.figures.errors["SeqrUnavailable"] = errors
    if paid_after:
        asking.figures.paid_to_recorded.note(paid_after)
    now = at - answer_age
    for _ in range(2):
        asking.step()
    now = at
    asking.step()
    Telling(0, asking).step()


def write_row(*, round_age: float = 0.0, answer_age: float = 0.0) -> None:
    """Let shard 0 write its row as if so many seconds ago."""
    now = database_now()
    PollShard.objects.update_or_create(
        number=0,
        defaults={
            "round_started_at": now - timedelta(seconds=round_age),
            "oldest_answer_at": now - timedelta(seconds=answer_age),
        },
    )
