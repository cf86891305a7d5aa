"""Exports the audit: CSV for a spreadsheet, JSON Lines for a program."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any, TypeAlias

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from orders.formulas import escape_formula
from orders.models import AuditEvent
from orders.models.order import number_of
from orders.query_plans import long_read

READ_BATCH_SIZE = 5000
READ_TIMEOUT_SECONDS = 60  # of one batch: its first event may be the last of many
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
_FIELDS = (
    "id",
    "occurred_at",
    "order_id",
    "subject_type",
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
_ACTOR = _FIELDS.index("actor_id")
_Values: TypeAlias = tuple[str | int | None, ...]


def csv_lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    """Yield the line of column names, then the lines of many events at once, oldest first."""
    yield _csv_text([COLUMNS])
    for batch in _read(events):
        yield _csv_text([_escaped(value) for value in values] for values in batch)


def json_lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    """Yield the JSON objects of many events at once, a line for each event, oldest first.

    An empty column is null.
    """
    for batch in _read(events):
        objects = (dict(zip(COLUMNS, values, strict=True)) for values in batch)
        yield "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects)


def _read(events: QuerySet[AuditEvent]) -> Iterator[list[_Values]]:
    """Yield the events in batches, each of which is a query of its own.

    One query for all would hold a transaction open for as long as the receiver takes to read, or
    else compute the whole audit before its first line.
    """
    rows = events.order_by("id").values_list(*_FIELDS)
    usernames: dict[int | None, str | None] = {None: None}
    last_id = 0
    while True:
        with long_read(READ_TIMEOUT_SECONDS):
            batch = list(rows.filter(id__gt=last_id)[:READ_BATCH_SIZE])
        _add_usernames(usernames, {row[_ACTOR] for row in batch})
        yield [_values(row, usernames) for row in batch]
        if len(batch) < READ_BATCH_SIZE:
            return
        last_id = batch[-1][0]


def _add_usernames(usernames: dict[int | None, str | None], user_ids: set[int | None]) -> None:
    if missing := [each for each in user_ids - usernames.keys() if each is not None]:
        users = get_user_model().objects.filter(pk__in=missing)
        usernames.update(users.values_list("pk", get_user_model().USERNAME_FIELD))


def _values(row: tuple[Any, ...], usernames: dict[int | None, str | None]) -> _Values:
    event_id, occurred_at, order_id, *texts, source, actor_id, detail, code, duration = row
    return (
        event_id,
        occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
        None if order_id is None else number_of(order_id),
        *(text or None for text in texts),
        source,
        usernames[actor_id],
        detail or None,
        code,
        duration,
    )


def _escaped(value: str | int | None) -> str | int | None:
    return escape_formula(value) if isinstance(value, str) else value


def _csv_text(rows: Iterable[Iterable[str | int | None]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
