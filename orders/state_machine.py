"""The one writer of states: orders, invoices, refunds and transaction periods change through it.

A table `{from: {to: event}}` holds what may follow what. The caller locks the row, in the order of
locks that its domain defines; a transition checks the table, saves the row and records the event in
one transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import TextChoices

from orders.audit import ChangeSource, record_event, record_events
from orders.models import AuditedModel, EventName
from orders.publishing import publish_on_commit

State = TypeVar("State", bound=TextChoices)
TransitionTable = Mapping[State, Mapping[State, EventName]]


class TransitionError(Exception):
    """The table has no transition from the row's state to the one requested."""


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
    from_state = type(to)(getattr(row, row.state_field))
    if from_state == to:
        return False
    table_event = _event_of(row, from_state, to, table)
    with transaction.atomic(savepoint=False):
        save_fields(row, **{row.state_field: to}, **fields)
        name = event or table_event
        record_event(row, name, source, detail=detail, from_state=from_state, to_state=to)
    return True


def apply_transitions(
    changes: Sequence[tuple[AuditedModel, Mapping[str, Any]]],
    to: State,
    table: TransitionTable[State],
    source: ChangeSource,
) -> None:
    """Change several locked rows to one state, and record them, in two statements for all.

    The rows are of one model. Each brings its own values of the same other fields. Raises
    TransitionError, also for a row that is in the state already; then none has changed.
    """
    from_states = [type(to)(getattr(row, row.state_field)) for row, _ in changes]
    events = [
        (row, _event_of(row, from_state, to, table), {"from_state": from_state, "to_state": to})
        for (row, _), from_state in zip(changes, from_states, strict=True)
    ]
    with transaction.atomic(savepoint=False):
        _save_fields_of_each([(row, {row.state_field: to, **fields}) for row, fields in changes])
        record_events(events, source)


def _event_of(
    row: AuditedModel, from_state: State, to: State, table: TransitionTable[State]
) -> EventName:
    event = table[from_state].get(to)
    if event is None:
        raise TransitionError(f"{row} cannot go from {from_state} to {to}.")
    return event


def save_fields(row: AuditedModel, **fields: Any) -> None:
    """Save these fields of a locked row; publish the order if its customer sees one of them."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))
    if not row.customer_visible_fields.isdisjoint(fields):
        publish_on_commit(row.published_order_id)


def _save_fields_of_each(changes: Sequence[tuple[AuditedModel, Mapping[str, Any]]]) -> None:
    """Save the same fields of several locked rows of one model, and publish their orders."""
    first, names = changes[0][0], changes[0][1].keys()
    columns = [field for field in first._meta.concrete_fields if field.name in names]
    quote = connection.ops.quote_name
    assignments = ", ".join(f"{quote(str(column.column))} = %s" for column in columns)
    parameters = []
    for row, fields in changes:
        for name, value in fields.items():
            setattr(row, name, value)
        values = [column.get_db_prep_save(fields[column.name], connection) for column in columns]
        parameters.append([*values, row.pk])
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {quote(first._meta.db_table)} SET {assignments} WHERE id = %s",  # noqa: S608
            parameters,
        )
    if not first.customer_visible_fields.isdisjoint(names):
        publish_on_commit(*(row.published_order_id for row, _ in changes))
