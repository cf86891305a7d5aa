"""The one writer of states: orders, invoices, refunds and transaction periods change through it.

A table `{from: {to: event}}` holds what may follow what. The caller locks the row, in the order of
locks that its domain defines; a transition checks the table, saves the row and records the event in
one transaction.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import TextChoices

from orders.audit import ChangeSource, record_event
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
    table_event = table[from_state].get(to)
    if table_event is None:
        raise TransitionError(f"{row} cannot go from {from_state} to {to}.")
    with transaction.atomic(savepoint=False):
        save_fields(row, **{row.state_field: to}, **fields)
        name = event or table_event
        record_event(row, name, source, detail=detail, from_state=from_state, to_state=to)
    return True


def save_fields(row: AuditedModel, **fields: Any) -> None:
    """Save these fields of a locked row; publish the order if its customer sees one of them."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))
    if not row.customer_visible_fields.isdisjoint(fields):
        publish_on_commit(row.published_order_id)
