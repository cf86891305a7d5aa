"""The only writer of `TransactionPeriod.status`."""

from typing import Any

from django.db import transaction

from orders.audit import ChangeSource, Subject, record_event, record_event_once
from orders.clock import database_now
from orders.models import SubjectType
from payments.models import PeriodStatus, TransactionPeriod

_S = PeriodStatus

TABLE: dict[PeriodStatus, dict[PeriodStatus, str]] = {
    _S.TO_MARK: {_S.MARKING: "marking_started", _S.VOID: "period_left_out"},
    # From here on it is never marked again, unless SEQR certainly did nothing.
    _S.MARKING: {
        _S.TO_MARK: "marking_put_off",
        _S.MARKED: "period_marked",
        _S.LOST: "period_lost",
    },
    # A late answer may still arrive; else a person says what SEQR has told them.
    _S.LOST: {_S.MARKED: "period_found", _S.VOID: "period_never_closed"},
    _S.MARKED: {_S.RECONCILED: "period_reconciled"},
    _S.RECONCILED: {},
    _S.VOID: {},
}


class PeriodMoveError(Exception):
    """The period may not go from the status it has to the one asked for."""


def lock_period(period_id: int) -> TransactionPeriod:
    """Return the period, its row locked. To be called inside a transaction.

    Raises TransactionPeriod.DoesNotExist.
    """
    return TransactionPeriod.objects.select_for_update().get(pk=period_id)


def lock_periods() -> dict[int, TransactionPeriod]:
    """Return every period by its id, all rows locked, the latest first.

    For what concerns several of them: a payment at a border may be in either. Who holds one lock
    of a period already must not ask for all.
    """
    return {period.pk: period for period in TransactionPeriod.objects.select_for_update()}


def transition_period(
    period: TransactionPeriod,
    to: PeriodStatus,
    source: ChangeSource,
    *,
    detail: str = "",
    **fields: Any,
) -> None:
    """Move a locked period, with these other fields of it.

    Raises PeriodMoveError for an edge that the table does not have.
    """
    from_state = PeriodStatus(period.status)
    event = TABLE[from_state].get(to)
    if event is None:
        raise PeriodMoveError(f"{period} cannot go from {from_state} to {to}.")
    with transaction.atomic():
        save_fields(period, status=to, since=database_now(), **fields)
        record_event(
            subject_of(period), event, source, detail=detail, from_state=from_state, to_state=to
        )


def save_fields(period: TransactionPeriod, **fields: Any) -> None:
    """Write these fields of a locked period."""
    for name, value in fields.items():
        setattr(period, name, value)
    period.save(update_fields=list(fields))


def record(
    period: TransactionPeriod, event: str, source: ChangeSource, *, detail: str = ""
) -> None:
    """Write an event of the period, in the transaction that it belongs to."""
    record_event(subject_of(period), event, source, detail=detail)


def record_once(
    period: TransactionPeriod, event: str, source: ChangeSource, *, detail: str = ""
) -> None:
    """Write an event unless the period's latest one says the same."""
    record_event_once(subject_of(period), event, source, detail=detail)


def subject_of(period: TransactionPeriod) -> Subject:
    """Return the period as what an event is about."""
    return Subject(SubjectType.PERIOD, period.pk, f"{period.day:%Y-%m-%d}", None)
