"""The reads that are repeated every few seconds, and how many rows each of them reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from unittest.mock import Mock

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orders.clock import database_now
from payments import recovery
from payments.models import Invoice, PeriodStatus, Shard, TransactionPeriod
from payments.polling.store import PollStore
from payments.receipts.submit import receipts_due
from payments.reconciliation import held_refunds, periods
from payments.reconciliation.reconcile import compare_affected_periods
from payments.reconciliation.transitions import lock_periods
from payments.takings.calls import update_calls
from payments.takings.orders import update_orders
from payments.takings.update import update_takings
from payments.terminals import retire_free_terminals
from seqrshop.ops.health_snapshot import read_backlog, read_health_snapshot

RUNS = 5
SHARD = Shard(0, 4)

# Of this transaction: by sequential scans, and by scans of indexes.
_ROWS_READ = """
    SELECT sum(pg_stat_get_xact_tuples_returned(oid))
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')
"""


@dataclass(frozen=True)
class Read:
    """A repeated read: its median time, its statements, and the rows and index entries read."""

    name: str
    every: str
    seconds: float
    statements: int
    rows: int


def measure_reads() -> list[Read]:
    """Measure each read."""
    store = PollStore(SHARD, Mock(submitted_count=0))
    oldest = TransactionPeriod.objects.filter(status=PeriodStatus.RECONCILED).earliest("day")
    return [
        _measure("the poller: what is new of one of four shards", "1 s", store.read_recent),
        _measure("the poller: every open invoice of the shard", "5 s", store.read_all),
        _measure("recovery: all work that is due", "2 s", recovery.find_work),
        _measure("recovery: receipts to submit", "2 s", _due_receipts),
        _measure("periods with a step due", "2 s", lambda: periods.periods_due(database_now())),
        _measure("refunds on hold", "2 s", held_refunds.review_held_refunds),
        _measure("health: snapshot", "1 s", read_health_snapshot),
        _measure("health: backlog", "1 s", read_backlog),
        _measure("takings: what is new", "1 min", update_takings),
        _measure("orders by hour: what has changed", "1 min", update_orders),
        _measure("calls by day: what is new", "1 min", update_calls),
        _measure("terminals to retire", "1 h", retire_free_terminals),
        _measure("the oldest report compared again", "by hand", lambda: _compare(oldest)),
    ]


def _due_receipts() -> None:
    list(Invoice.objects.filter(receipts_due(database_now())).order_by("id")[:50])


def _compare(period: TransactionPeriod) -> None:
    compare_affected_periods(lock_periods(period.terminal_id)[period.pk], periods.SOURCE)


def _measure(name: str, every: str, read: Callable[[], object]) -> Read:
    seconds, statements, rows = [], 0, 0
    for _ in range(RUNS):
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            before = rows_read()
            began_at = time.perf_counter()
            read()
            seconds.append(time.perf_counter() - began_at)
            rows = rows_read() - before
            statements = sum("SAVEPOINT" not in each["sql"] for each in queries) - 2
            transaction.set_rollback(True)
    return Read(name, every, median(seconds), statements, rows)


def rows_read() -> int:
    """Return the rows and index entries that this transaction has read."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS_READ)
        [[rows]] = cursor.fetchall()
    return int(rows)
