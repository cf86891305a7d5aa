"""Counts the audit up to a time, step by step, each step in one transaction.

An event has the time of the statement that wrote it, which is not before its transaction began. So
the events before a time are complete once no transaction that began before it is open.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min

from orders.audit_digest import oldest_transaction_start
from orders.clock import database_now
from orders.models import AuditEvent
from payments.models import ActivityCursor, ActivityName

STEP = timedelta(days=1)
"""A step reads the events of this time at most: a second's work at 2,700 orders a day.

Steps of an hour added each day up 24 times, and took 14 times as long to catch up with a year.
"""


@transaction.atomic
def advance(
    name: ActivityName,
    count: Callable[[datetime, datetime], None],
    *,
    reads_open_transactions: bool = False,
) -> bool:
    """Let `count` count the next events, from one time to before another; move the cursor.

    Returns whether there is more to count now. With `reads_open_transactions`, `count` also gets
    times whose events may be incomplete, and gets them again. Does nothing while another process
    counts.
    """
    now = database_now()
    complete_until = min(now, oldest_transaction_start() or now)
    cursor = _locked_cursor(name)
    if cursor is None:
        return False
    end = now if reads_open_transactions else complete_until
    since, until = cursor.until, min(cursor.until + STEP, end)
    if since < until:
        count(since, until)
        cursor.until = max(since, min(until, complete_until))
        cursor.save(update_fields=["until"])
    return cursor.until == until < end


def _locked_cursor(name: ActivityName) -> ActivityCursor | None:
    """Return a cursor, locked, or None while another process has it, or without any event."""
    if not ActivityCursor.objects.filter(pk=name).exists():
        first = AuditEvent.objects.aggregate(first=Min("occurred_at"))["first"]
        if first is None:
            return None
        ActivityCursor.objects.bulk_create(
            [ActivityCursor(name=name, until=first)], ignore_conflicts=True
        )
    cursors = ActivityCursor.objects.select_for_update(no_key=True, skip_locked=True)
    return cursors.filter(pk=name).first()
