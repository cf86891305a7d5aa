"""The only writer of `TransactionPeriod.status`."""

from typing import Any

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import EventName
from orders.state_machine import TransitionTable, apply_transition
from payments.models import PeriodStatus, TransactionPeriod

_S = PeriodStatus

TABLE: TransitionTable[PeriodStatus] = {
    _S.TO_MARK: {_S.MARKING: EventName.MARKING_STARTED, _S.VOID: EventName.PERIOD_SKIPPED},
    # From here on it is never marked again, unless SEQR certainly did nothing.
    _S.MARKING: {
        _S.TO_MARK: EventName.MARKING_DEFERRED,
        _S.MARKED: EventName.PERIOD_MARKED,
        _S.LOST: EventName.PERIOD_LOST,
    },
    # A late answer may still arrive; else a person says what SEQR has told them.
    _S.LOST: {_S.MARKED: EventName.PERIOD_FOUND, _S.VOID: EventName.PERIOD_NEVER_CLOSED},
    _S.MARKED: {_S.RECONCILED: EventName.PERIOD_RECONCILED},
    _S.RECONCILED: {},
    _S.VOID: {},
}


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
) -> bool:
    """Change a locked period's status and these other fields; return whether it changed.

    Raises TransitionError.
    """
    since = database_now()
    return apply_transition(period, to, TABLE, source, detail=detail, since=since, **fields)
