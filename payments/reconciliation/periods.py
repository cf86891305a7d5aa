"""Transaction periods: SEQR closes one a day, once, and tells afterwards what was in it.

markTransactionPeriod closes the running period. Where its answer is lost, SEQR may have closed one
under an id that we do not have, and sending it again would close the next: so "being closed" is
committed before the call, and without a clear answer the day's period is lost, never marked again.
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName
from payments.call_audit import audited_client
from payments.cases.cases import close_period_cases, open_period_case
from payments.leases import LEASE
from payments.models import CaseKind, PeriodStatus, TransactionPeriod
from payments.reconciliation.backoff import open_case_if_stuck, retry_pause
from payments.reconciliation.fetch_report import fetch_report, fetch_report_rows
from payments.reconciliation.reconcile import compare_affected_periods, store_report
from payments.reconciliation.transitions import lock_period, lock_periods, transition_period
from payments.seqr import SeqrConflict, SeqrError, SeqrRejected, SeqrUnavailable

SOURCE = ChangeSource(SourceName.RECONCILIATION)
REPORT_AFTER = timedelta(seconds=3)  # what SEQR takes to make it
GIVE_UP_AFTER = timedelta(days=1)
NOBODY_KNOWS = "the process that closed it ended before SEQR's answer was written"


class PeriodNotAccepted(Exception):
    """What a person says about a lost period cannot be. The text says why, to them."""


def period_day(moment: datetime) -> date:
    """Return the day whose period is to be closed at this moment: from RECONCILIATION_HOUR on."""
    local = timezone.localtime(moment)
    early = local.hour < settings.RECONCILIATION_HOUR
    return local.date() - timedelta(days=1) if early else local.date()


def periods_due(now: datetime) -> list[int]:
    """Begin the day's period, and return the ids of those that have something to be done now.

    A day has one period, however many processes begin it. One that could not be closed before the
    next day is left out: the next one has its transactions too.
    """
    day = period_day(now)
    TransactionPeriod.objects.get_or_create(day=day)
    for period_id in _ids(Q(status=PeriodStatus.TO_MARK, day__lt=day)):
        _leave_out(period_id)
    unmarked = Q(status__in=(PeriodStatus.TO_MARK, PeriodStatus.MARKING))
    unreported = Q(status=PeriodStatus.MARKED, since__gt=now - GIVE_UP_AFTER)
    return _ids(LEASE.lapsed_at(now) & (unmarked | unreported))


def _ids(which: Q) -> list[int]:
    return list(
        TransactionPeriod.objects.filter(which).order_by("day").values_list("pk", flat=True)
    )


@transaction.atomic
def _leave_out(period_id: int) -> None:
    period = lock_period(period_id)
    if period.status == PeriodStatus.TO_MARK:
        detail = "the day was over before SEQR could be told"
        transition_period(period, PeriodStatus.VOID, SOURCE, detail=detail)
        reason = "the next period has its transactions too"
        close_period_cases(period, CaseKind.RECONCILIATION_STUCK, SOURCE, reason)


def advance_period(period_id: int) -> None:
    """Do the next thing about a period: close it, give it up as lost, or fetch its report.

    Raises the gateway's errors for what is tried again later.
    """
    status = TransactionPeriod.objects.values_list("status", flat=True).get(pk=period_id)
    if status == PeriodStatus.TO_MARK:
        mark_period(period_id)
    elif status == PeriodStatus.MARKING:
        declare_interrupted_period_lost(period_id)
    elif status == PeriodStatus.MARKED:
        fetch_report(period_id, SOURCE)


def mark_period(period_id: int) -> None:
    """Have SEQR close the period of a day, once. Else do nothing.

    Raises SeqrUnavailable where certainly nothing happened, and SeqrRejected; both leave it to be
    closed later. Whatever leaves the outcome open makes the period lost.
    """
    if not _take_lease(period_id):
        return
    try:
        transaction_period_id = audited_client(None, SOURCE).mark_transaction_period()
    except (SeqrUnavailable, SeqrRejected, SeqrConflict) as error:
        _defer(period_id, error)
        raise
    except SeqrError as error:
        _lost(period_id, str(error))
    else:
        _marked(period_id, transaction_period_id)


@transaction.atomic
def _take_lease(period_id: int) -> bool:
    period = lock_period(period_id)
    now = database_now()
    if period.status != PeriodStatus.TO_MARK or not LEASE.has_lapsed(period, now):
        return False
    transition_period(
        period, PeriodStatus.MARKING, SOURCE, marking_started_at=now, **LEASE.taken(now)
    )
    return True


@transaction.atomic
def _defer(period_id: int, error: SeqrError) -> None:
    period = lock_period(period_id)
    if period.status != PeriodStatus.MARKING:
        return
    pause = retry_pause(error, waiting_since=period.created_at)
    transition_period(
        period,
        PeriodStatus.TO_MARK,
        SOURCE,
        detail=str(error),
        marking_started_at=None,
        **LEASE.deferred(pause),
    )
    open_case_if_stuck(period, error, SOURCE, waiting_since=period.created_at)


@transaction.atomic
def _marked(period_id: int, transaction_period_id: str) -> None:
    """Write the period's id; also where the lease was over and it counts as lost."""
    period = lock_period(period_id)
    if period.status not in (PeriodStatus.MARKING, PeriodStatus.LOST):
        return
    now = database_now()
    transition_period(
        period,
        PeriodStatus.MARKED,
        SOURCE,
        detail=transaction_period_id,
        transaction_period_id=transaction_period_id,
        marking_ended_at=now,
        **LEASE.deferred(REPORT_AFTER),
    )
    close_period_cases(period, CaseKind.LOST_PERIOD, SOURCE, "SEQR's answer came late")


@transaction.atomic
def _lost(period_id: int, why: str) -> None:
    period = lock_period(period_id)
    if period.status == PeriodStatus.MARKING:
        _lose(period, why)


@transaction.atomic
def declare_interrupted_period_lost(period_id: int) -> bool:
    """Call a period lost that is found being closed after its lease; return whether it was."""
    period = lock_period(period_id)
    if period.status != PeriodStatus.MARKING or not LEASE.has_lapsed(period, database_now()):
        return False
    _lose(period, NOBODY_KNOWS)
    return True


def _lose(period: TransactionPeriod, why: str) -> None:
    transition_period(
        period,
        PeriodStatus.LOST,
        SOURCE,
        detail=why,
        marking_ended_at=database_now(),
        **LEASE.released(),
    )
    what = f"SEQR may have closed the period of {period.day}, under an id that we do not have: "
    open_period_case(CaseKind.LOST_PERIOD, period, SOURCE, what + why)


def resolve_lost_period(
    period_id: int, source: ChangeSource, *, transaction_period_id: str, reason: str
) -> bool:
    """Write what SEQR's support told of a lost period; return whether it was lost.

    With an id, the report is fetched first: an id that SEQR has no report of is not accepted.
    Without one, SEQR closed no period, and the next one has the transactions too. Raises
    PeriodNotAccepted, and the gateway's errors, which leave everything as it was.
    """
    if not reason.strip():
        raise PeriodNotAccepted(_("Enter how you know the outcome."))
    if not transaction_period_id:
        return _never_closed(period_id, reason.strip(), source)
    if TransactionPeriod.objects.filter(transaction_period_id=transaction_period_id).exists():
        raise PeriodNotAccepted(_("Another period already has this ID."))
    rows = fetch_report_rows(transaction_period_id, source)
    with transaction.atomic():
        period = lock_periods()[period_id]
        if period.status != PeriodStatus.LOST:
            return False
        transition_period(
            period,
            PeriodStatus.MARKED,
            source,
            detail=reason.strip(),
            transaction_period_id=transaction_period_id,
        )
        close_period_cases(period, CaseKind.LOST_PERIOD, source, reason)
        store_report(period_id, rows, source)
    return True


@transaction.atomic
def _never_closed(period_id: int, reason: str, source: ChangeSource) -> bool:
    period = lock_periods()[period_id]
    if period.status != PeriodStatus.LOST:
        return False
    transition_period(period, PeriodStatus.VOID, source, detail=reason)
    close_period_cases(period, CaseKind.LOST_PERIOD, source, reason)
    compare_affected_periods(period, source)
    return True
