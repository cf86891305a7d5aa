"""The chain of digests, by which a change of the audit is found.

Each day, of Stockholm's clock, gets a SHA-256 digest of its events and of the digest of the day
before. So a changed event does not fit its day's digest, and a changed digest neither fits its day
nor the next one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from orders.models import AuditDigest, AuditEvent
from orders.query_plans import long_read

logger = logging.getLogger(__name__)

READ_BATCH_SIZE = 2000
READ_TIMEOUT_SECONDS = 300
MARK_LENGTH = 4  # bytes of an event's own digest
DAY = timedelta(days=1)
# Every column of an event. An empty one is left out of the digest, so that a column that is added
# later, and empty in all earlier events, changes no digest of them.
COLUMNS = (
    "id",
    "occurred_at",
    "order_id",
    "subject_type",
    "subject_id",
    "subject_label",
    "name",
    "from_state",
    "to_state",
    "source",
    "actor_id",
    "detail",
    "result_code",
    "duration_ms",
)


def digest_finished_days(now: datetime) -> list[AuditDigest]:
    """Store and log the digest of each finished day that has none; return the new ones.

    A day is finished when it has ended and no transaction that began before its end is open: such a
    one may have written an event of the day, whose time is the beginning of its statement. A day
    without events gets a digest too. Concurrent calls store one digest a day.
    """
    latest = AuditDigest.objects.last()
    day, previous = (latest.day + DAY, latest.digest) if latest else (first_day(), "")
    if day is None:
        return []
    oldest_transaction = oldest_transaction_start() or now
    finished_before = min(now, oldest_transaction)
    new = []
    while start_of(day + DAY) <= finished_before:
        computed = compute_digest(day, previous)
        stored, is_new = AuditDigest.objects.get_or_create(
            day=day,
            defaults={
                "event_count": computed.event_count,
                "first_event_id": computed.first_event_id,
                "last_event_id": computed.last_event_id,
                "event_marks": computed.event_marks,
                "previous": computed.previous,
                "digest": computed.digest,
            },
        )
        if is_new:
            new.append(stored)
            logger.info("audit of %s: %d events, digest %s", day, stored.event_count, stored.digest)
        day, previous = day + DAY, stored.digest
    if start_of(day + DAY) <= now:
        logger.info("the audit of %s waits for a transaction of %s", day, oldest_transaction)
    return new


def digested_until() -> datetime | None:
    """Return the end of the last day that has a digest; None without any."""
    day = AuditDigest.objects.values_list("day", flat=True).last()
    return start_of(day + DAY) if day else None


def compute_digest(day: date, previous: str) -> AuditDigest:
    """Return the digest of a day's events as they are now, unsaved."""
    chained = sha256(f"{previous}\n{day}\n".encode())
    ids: tuple[int | None, int | None] = (None, None)
    marks = bytearray()
    for event_id, own in _event_digests(day):
        chained.update(own)
        marks += own[:MARK_LENGTH]
        ids = (event_id if ids[0] is None else ids[0], event_id)
    return AuditDigest(
        day=day,
        event_count=len(marks) // MARK_LENGTH,
        first_event_id=ids[0],
        last_event_id=ids[1],
        event_marks=bytes(marks),
        previous=previous,
        digest=chained.hexdigest(),
    )


def events_of(day: date) -> QuerySet[AuditEvent]:
    """Return a day's events, in the order of the digest."""
    begin, end = start_of(day), start_of(day + DAY)
    return AuditEvent.objects.filter(occurred_at__gte=begin, occurred_at__lt=end).order_by("id")


def first_day() -> date | None:
    """Return the day of the oldest event."""
    oldest = AuditEvent.objects.order_by("occurred_at").first()
    return day_of(oldest.occurred_at) if oldest else None


def start_of(day: date) -> datetime:
    """Return the beginning of a day of Stockholm's clock."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def day_of(moment: datetime) -> date:
    """Return the day of a moment by Stockholm's clock."""
    return timezone.localtime(moment, timezone.get_default_timezone()).date()


def _event_digests(day: date) -> Iterator[tuple[int, bytes]]:
    # Within a transaction PostgreSQL computes each batch when it is read, but sorts the day first.
    with long_read(READ_TIMEOUT_SECONDS):
        for values in events_of(day).values_list(*COLUMNS).iterator(READ_BATCH_SIZE):
            yield values[0], sha256(_canonical(values)).digest()


def _canonical(values: tuple[Any, ...]) -> bytes:
    """Return an event as JSON, without its empty columns, and its time in UTC."""
    columns: dict[str, Any] = dict(zip(COLUMNS, values, strict=True))
    columns["occurred_at"] = columns["occurred_at"].astimezone(UTC).isoformat()
    filled = {name: value for name, value in columns.items() if value not in (None, "")}
    return json.dumps(filled, ensure_ascii=False, separators=(",", ":")).encode()


def oldest_transaction_start() -> datetime | None:
    """Return when the oldest open transaction of the application's role began."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(xact_start) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND pid <> pg_backend_pid()"
        )
        row = cursor.fetchone()
    started: datetime | None = row[0]
    return started
