"""Heartbeats of poller shard 0, in Redis and in its PostgreSQL row."""

import json
import time
from datetime import timedelta

from orders.clock import database_now
from payments.invoices.status_query import StatusQuery
from payments.models import InvoiceStatus, PollShard, Shard
from payments.polling.heartbeat import STATS_INTERVAL_SECONDS, HeartbeatPublisher
from payments.polling.poller import OpenInvoice, ShardPoller
from tests.payments.polling.shard import MAX_IN_FLIGHT, FakeStatusClient, status
from tests.payments.polling.virtual_seqr import TERMINAL_ID
from tests.redis_reset import redis_for_tests


def publish_heartbeat(
    *,
    round_age: float = 0.0,
    answer_age: float = 0.0,
    read_age: float = 0.0,
    errors: int = 0,
    paid_after: float = 0.0,
    needed_in_flight: int = 0,
    is_overloaded: bool = False,
) -> None:
    """Publish the heartbeat of shard 0, which has three invoices. Ages and times in seconds."""
    at = time.monotonic() - round_age
    now = at - STATS_INTERVAL_SECONDS - 5
    last_answer_at = at - answer_age
    poller = ShardPoller(
        0,
        FakeStatusClient(lambda _key: status("ISSUED") if now <= at - answer_age else None),
        interval=1.0,
        max_in_flight=MAX_IN_FLIGHT,
        clock=lambda: now,
    )
    for key in (1, 2, 3):
        poller.submit(
            OpenInvoice(
                StatusQuery(key, TERMINAL_ID, f"ref-{key}", 0, InvoiceStatus.ISSUED, key),
                last_answer_at,
            )
        )
    if errors:
        poller.stats.errors["SeqrUnavailable"] = errors
    if paid_after:
        poller.stats.paid_to_recorded.record(paid_after)
    now = at - answer_age
    for _ in range(2):
        poller.step()
    now = at
    poller.step()
    HeartbeatPublisher(Shard(0, 1), poller, lambda: at - read_age).publish()
    if needed_in_flight:
        redis, name = redis_for_tests(), "seqrshop:heartbeat:0/1"
        heartbeat = json.loads(redis.get(name) or "{}")
        heartbeat |= {"needed_in_flight": needed_in_flight, "is_overloaded": is_overloaded}
        redis.set(name, json.dumps(heartbeat))


def write_row(*, round_age: float = 0.0, answer_age: float = 0.0) -> None:
    """Write the row of shard 0. Ages in seconds."""
    now = database_now()
    PollShard.objects.update_or_create(
        number=0,
        count=1,
        defaults={
            "round_started_at": now - timedelta(seconds=round_age),
            "oldest_answer_at": now - timedelta(seconds=answer_age),
        },
    )
