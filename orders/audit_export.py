"""The audit as a file: CSV for a spreadsheet, JSON Lines for a program."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.db.models import QuerySet

from orders.models import AuditEvent

AT_A_TIME = 2000  # events read from the database at once, however many there are
COLUMNS = (
    "id",
    "occurred_at",
    "order",
    "subject_type",
    "subject",
    "event",
    "from",
    "to",
    "source",
    "actor",
    "detail",
    "result_code",
    "duration_ms",
)
# A spreadsheet takes what begins so for a formula, and may run it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    """Yield a line of column names, then one for each event, oldest first."""
    yield _csv_line(COLUMNS)
    for event in _read(events):
        yield _csv_line([_harmless(value) for value in _values(event)])


def json_lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    """Yield a line with a JSON object for each event, oldest first; null where there is nothing."""
    for event in _read(events):
        yield json.dumps(dict(zip(COLUMNS, _values(event), strict=True)), ensure_ascii=False) + "\n"


def _read(events: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    ordered = events.select_related("order", "actor").order_by("id")
    return ordered.iterator(chunk_size=AT_A_TIME)


def _values(event: AuditEvent) -> tuple[str | int | None, ...]:
    return (
        event.pk,
        event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.order.number if event.order else None,
        event.subject_type,
        event.subject_label,
        event.name,
        event.from_state or None,
        event.to_state or None,
        event.source,
        event.actor.get_username() if event.actor else None,
        event.detail or None,
        event.result_code,
        event.duration_ms,
    )


def _harmless(value: str | int | None) -> str | int | None:
    """Return text that no spreadsheet takes for a formula: an apostrophe makes it text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _csv_line(values: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()
