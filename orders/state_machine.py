"""The one writer of states: orders, invoices, refunds and transaction periods change through it.

A table `{from: {to: event}}` holds what may follow what. The caller locks the row, in the order of
locks that its domain defines; a transition checks the table, saves the row and records the event in
one transaction. Changes that belong together are saved together, with one statement for all events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Field, TextChoices

from orders.audit import ChangeSource, insert_events, new_event
from orders.clock import DatabaseTime
from orders.models import AuditedModel, AuditEvent, EventName
from orders.publishing import publish_on_commit

State = TypeVar("State", bound=TextChoices)
TransitionTable = Mapping[State, Mapping[State, EventName]]


class TransitionError(Exception):
    """The table has no transition from the row's state to the one requested."""


@dataclass(frozen=True)
class Change:
    """Fields of a locked row that have changed and are not saved yet, and the event to record."""

    row: AuditedModel
    fields: tuple[str, ...]
    event: AuditEvent | None = None


def apply_transition(
    row: AuditedModel,
    to: State,
    table: TransitionTable[State],
    source: ChangeSource,
    *,
    detail: str = "",
    event: EventName | None = None,
    **fields: Any,
) -> bool:
    """Change a locked row's state and these other fields, and record it; return whether it did.

    `event` is recorded instead of the table's, where the cause of the change needs its own name. A
    row that is in the state already is left unchanged. Raises TransitionError.
    """
    change = prepare_transition(row, to, table, source, detail=detail, event=event, **fields)
    if change is None:
        return False
    save_changes([change])
    return True


def prepare_transition(
    row: AuditedModel,
    to: State,
    table: TransitionTable[State],
    source: ChangeSource,
    *,
    detail: str = "",
    event: EventName | None = None,
    **fields: Any,
) -> Change | None:
    """Change a locked row in memory only; return what `save_changes` has to save, if anything.

    The arguments are those of `apply_transition`. Raises TransitionError.
    """
    from_state = type(to)(getattr(row, row.state_field))
    if from_state == to:
        return None
    table_event = table[from_state].get(to)
    if table_event is None:
        raise TransitionError(f"{row} cannot go from {from_state} to {to}.")
    name = event or table_event
    _set(row, {row.state_field: to, **fields})
    return Change(
        row,
        (row.state_field, *fields),
        new_event(row, name, source, detail=detail, from_state=from_state, to_state=to),
    )


def save_changes(changes: Sequence[Change], *, calls: Sequence[AuditEvent] = ()) -> None:
    """Save changes of locked rows, record their events, and publish their orders.

    Neighbouring changes of the same fields of one model share a statement, and all events share
    one. `calls` are the events of the calls to SEQR that caused the changes.
    """
    events = [change.event for change in changes if change.event is not None]
    seen_by_customers = [
        change.row.published_order_id
        for change in changes
        if not change.row.customer_visible_fields.isdisjoint(change.fields)
    ]
    with transaction.atomic(savepoint=False):
        updates = map(_update_of, changes)
        for sql, group in groupby(updates, lambda update: update.sql):
            _execute(sql, list(group))
        insert_events([*events, *calls])
        if seen_by_customers:
            publish_on_commit(*dict.fromkeys(seen_by_customers))


def save_fields(row: AuditedModel, **fields: Any) -> None:
    """Save these fields of a locked row; publish the order if its customer sees one of them."""
    _set(row, fields)
    save_changes([Change(row, tuple(fields))])


def _set(row: AuditedModel, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(row, name, value)


@dataclass(frozen=True)
class _Update:
    """The UPDATE of one row, and the fields whose times it returns."""

    row: AuditedModel
    sql: str
    parameters: list[Any]
    returned: list[str]


def _update_of(change: Change) -> _Update:
    row, quote = change.row, connection.ops.quote_name
    assignments, parameters, returned = [], [], []
    for name in change.fields:
        field = row._meta.get_field(name)
        assert isinstance(field, Field)
        assert field.column is not None  # it is stored in the row itself
        column, value = quote(field.column), getattr(row, field.attname)
        if isinstance(value, DatabaseTime):
            assignments.append(f"{column} = statement_timestamp() + %s")
            parameters.append(value.later)
            returned.append(field.attname)
        else:
            assignments.append(f"{column} = %s")
            parameters.append(field.get_db_prep_save(value, connection))
    sql = f"UPDATE {quote(row._meta.db_table)} SET {', '.join(assignments)} WHERE id = %s"  # noqa: S608
    if returned:
        sql += f" RETURNING {', '.join(map(quote, returned))}"
    return _Update(row, sql, [*parameters, row.pk], returned)


def _execute(sql: str, updates: Sequence[_Update]) -> None:
    with connection.cursor() as cursor:
        if len(updates) > 1 and not updates[0].returned:
            cursor.executemany(sql, [update.parameters for update in updates])
            return
        for update in updates:
            cursor.execute(sql, update.parameters)
            if update.returned:
                _set(update.row, dict(zip(update.returned, cursor.fetchone(), strict=True)))
