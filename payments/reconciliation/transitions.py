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
    # A period is closed once: it returns to TO_MARK only if SEQR certainly did nothing.
    _S.MARKING: {
        _S.TO_MARK: EventName.MARKING_DEFERRED,
        _S.MARKED: EventName.PERIOD_MARKED,
        _S.LOST: EventName.PERIOD_LOST,
    },
    # By SEQR's late answer, or by a person who has asked SEQR's support.
    _S.LOST: {_S.MARKED: EventName.PERIOD_FOUND, _S.VOID: EventName.PERIOD_NEVER_CLOSED},
    _S.MARKED: {_S.RECONCILED: EventName.PERIOD_RECONCILED},
    _S.RECONCILED: {},
    _S.VOID: {},
}


def lock_period(period_id: int) -> TransactionPeriod:
    """Lock and return a period. Must be called inside a transaction.

    Raises TransactionPeriod.DoesNotExist.
    """
    return TransactionPeriod.objects.select_for_update(no_key=True).get(pk=period_id)


def lock_periods(terminal_id: int) -> dict[int, TransactionPeriod]:
    """Lock all periods of a terminal, the latest first; return them by ID.

    For changes that concern several periods: a payment at the boundary of two may be in either.
    A transaction that has locked a single period must not call it.
    """
    periods = TransactionPeriod.objects.select_for_update(no_key=True)
    return {period.pk: period for period in periods.filter(terminal=terminal_id)}


def transition_period(
    period: TransactionPeriod,
    to: PeriodStatus,
    source: ChangeSource,
    *,
    detail: str = "",
    **fields: Any,
) -> bool:
    """Change a locked period's status and these fields; return whether the status changed.

    Raises TransitionError.
    """
    since = database_now()
    return apply_transition(period, to, TABLE, source, detail=detail, since=since, **fields)
