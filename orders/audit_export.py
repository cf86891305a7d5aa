"""Exports the audit: CSV for a spreadsheet, JSON Lines for a program."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.db.models import QuerySet

from orders.models import AuditEvent

READ_BATCH_SIZE = 2000
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
# A spreadsheet may run a cell that begins with one of these as a formula.
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    """Yield the line of column names, then a line for each event, oldest first."""
    yield _csv_line(COLUMNS)
    for event in _read(events):
        yield _csv_line([_escape_formula(value) for value in _values(event)])


def json_lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    """Yield a JSON object for each event, oldest first, with null for an empty column."""
    for event in _read(events):
        yield json.dumps(dict(zip(COLUMNS, _values(event), strict=True)), ensure_ascii=False) + "\n"


def _read(events: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    ordered = events.select_related("order", "actor").order_by("id")
    return ordered.iterator(chunk_size=READ_BATCH_SIZE)


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


def _escape_formula(value: str | int | None) -> str | int | None:
    """Return a formula's text with an apostrophe before it, which makes it text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_PREFIXES) else value


def _csv_line(values: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()
