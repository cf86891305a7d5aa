"""Transaction periods: SEQR closes each terminal's once a day, and then makes the report of it.

markTransactionPeriod closes a terminal's period and returns its ID. The reseller's other tills have
periods of their own. If the answer is lost, SEQR may have closed a period under an unknown ID, and
another call would close the next one. So MARKING is committed before the call, and a period without
a certain answer is LOST and never marked again.
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName, Terminal
from payments.call_audit import audited_client
from payments.cases.cases import close_period_cases, open_period_case
from payments.leases import LEASE
from payments.models import CaseKind, PeriodStatus, TransactionPeriod
from payments.reconciliation.backoff import open_case_if_stuck, retry_pause
from payments.reconciliation.fetch_report import check_period_id, fetch_report
from payments.reconciliation.reconcile import compare_affected_periods
from payments.reconciliation.transitions import lock_period, lock_periods, transition_period
from payments.seqr import SeqrConflict, SeqrError, SeqrRejected, SeqrUnavailable

SOURCE = ChangeSource(SourceName.RECONCILIATION)
REPORT_DELAY = timedelta(seconds=3)  # in which SEQR makes a report
REPORT_DEADLINE = timedelta(days=1)  # after which the staff request it
INTERRUPTED = "the process that closed it ended before it stored SEQR's answer"


class PeriodNotAccepted(Exception):
    """The outcome is not valid. The message is a sentence for the member of staff."""


def period_day(moment: datetime) -> date:
    """Return the day whose period is due at this moment: today's from RECONCILIATION_HOUR on."""
    local = timezone.localtime(moment)
    early = local.hour < settings.RECONCILIATION_HOUR
    return local.date() - timedelta(days=1) if early else local.date()


def periods_due(now: datetime) -> list[int]:
    """Create each terminal's period of the day, and return the IDs of the periods with a step due.

    Concurrent calls create one period a day. A retired terminal gets none. A period that could not
    be closed before the next day is void, and the next one contains its transactions.
    """
    day = period_day(now)
    _create_periods(day)
    for period_id in _ids(Q(status=PeriodStatus.TO_MARK, day__lt=day)):
        _void(period_id)
    unmarked = Q(status__in=(PeriodStatus.TO_MARK, PeriodStatus.MARKING))
    unreported = Q(status=PeriodStatus.MARKED, since__gt=now - REPORT_DEADLINE)
    requested = Q(report_requested_at__gt=now - REPORT_DEADLINE)
    return _ids(LEASE.lapsed_at(now) & (unmarked | unreported | requested))


def _create_periods(day: date) -> None:
    """Create the period of each terminal that has none of this day; mostly one query finds none."""
    of_day = TransactionPeriod.objects.filter(terminal=OuterRef("pk"), day=day)
    without = Terminal.objects.filter(~Exists(of_day), retired_at=None).order_by("pk")
    TransactionPeriod.objects.bulk_create(
        [TransactionPeriod(day=day, terminal=terminal) for terminal in without],
        ignore_conflicts=True,
    )


def _ids(condition: Q) -> list[int]:
    return list(
        TransactionPeriod.objects.filter(condition).order_by("day").values_list("pk", flat=True)
    )


@transaction.atomic
def _void(period_id: int) -> None:
    period = lock_period(period_id)
    if period.status == PeriodStatus.TO_MARK:
        detail = "the day ended before SEQR could close it"
        transition_period(period, PeriodStatus.VOID, SOURCE, detail=detail)
        reason = "the next period contains its transactions"
        close_period_cases(period, CaseKind.RECONCILIATION_STUCK, SOURCE, reason)


def advance_period(period_id: int) -> None:
    """Take the next step of a period: close it, declare it lost, or fetch its report.

    Raises the gateway's errors about steps that a later call repeats.
    """
    period = TransactionPeriod.objects.get(pk=period_id)
    if period.status == PeriodStatus.TO_MARK:
        mark_period(period_id)
    elif period.status == PeriodStatus.MARKING:
        declare_interrupted_period_lost(period_id)
    elif period.status == PeriodStatus.MARKED or period.report_requested_at is not None:
        fetch_report(period_id, SOURCE)


def mark_period(period_id: int) -> None:
    """Have SEQR close a period if it is TO_MARK and its lease has lapsed; else do nothing.

    SeqrUnavailable (SEQR did nothing), SeqrRejected and SeqrConflict defer the call and are raised.
    A call without a certain outcome makes the period LOST. Source: API reference 2.6.0,
    markTransactionPeriod.
    """
    terminal = _take_lease(period_id)
    if terminal is None:
        return
    try:
        client = audited_client(terminal.pk, None, SOURCE)
        transaction_period_id = client.mark_transaction_period(terminal.principal_id)
    except (SeqrUnavailable, SeqrRejected, SeqrConflict) as error:
        _defer(period_id, error)
        raise
    except SeqrError as error:
        _record_lost(period_id, str(error))
    else:
        _record_marked(period_id, transaction_period_id)


@transaction.atomic
def _take_lease(period_id: int) -> Terminal | None:
    """Take the lease and return the period's terminal; None if it must not be closed now."""
    period = lock_period(period_id)
    now = database_now()
    if period.status != PeriodStatus.TO_MARK or not LEASE.has_lapsed(period, now):
        return None
    transition_period(period, PeriodStatus.MARKING, SOURCE, marking_started_at=now, **LEASE.taken())
    return period.terminal


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
def _record_marked(period_id: int, transaction_period_id: str) -> None:
    """Store SEQR's ID of the period, also if its lease has lapsed and it is LOST."""
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
        **LEASE.deferred(REPORT_DELAY),
    )
    close_period_cases(period, CaseKind.LOST_PERIOD, SOURCE, "SEQR's answer arrived late")


@transaction.atomic
def _record_lost(period_id: int, detail: str) -> None:
    period = lock_period(period_id)
    if period.status == PeriodStatus.MARKING:
        _transition_to_lost(period, detail)


@transaction.atomic
def declare_interrupted_period_lost(period_id: int) -> bool:
    """Make a period LOST that is still MARKING after its lease; return whether it was."""
    period = lock_period(period_id)
    if period.status != PeriodStatus.MARKING or not LEASE.has_lapsed(period, database_now()):
        return False
    _transition_to_lost(period, INTERRUPTED)
    return True


def _transition_to_lost(period: TransactionPeriod, detail: str) -> None:
    transition_period(
        period,
        PeriodStatus.LOST,
        SOURCE,
        detail=detail,
        marking_ended_at=database_now(),
        **LEASE.released(),
    )
    summary = f"SEQR may have closed the period of {period.day} under an unknown ID: {detail}"
    open_period_case(CaseKind.LOST_PERIOD, period, SOURCE, summary)


def resolve_lost_period(
    period_id: int, source: ChangeSource, *, transaction_period_id: str, reason: str
) -> bool:
    """Record the answer of SEQR's support about a lost period; return whether it was still lost.

    An ID is accepted if SEQR has a summary of it; a worker fetches the report. An empty ID means
    that SEQR closed no period; the next one contains the transactions. Raises PeriodNotAccepted and
    the gateway's errors, which change nothing.
    """
    reason = reason.strip()
    if not reason:
        raise PeriodNotAccepted(_("Enter how you know the outcome."))
    if not transaction_period_id:
        return _record_never_closed(period_id, reason, source)
    if TransactionPeriod.objects.filter(transaction_period_id=transaction_period_id).exists():
        raise PeriodNotAccepted(_("Another period already has this ID."))
    terminal = TransactionPeriod.objects.get(pk=period_id).terminal
    check_period_id(transaction_period_id, terminal, source)
    return _record_found(period_id, transaction_period_id, reason, source)


@transaction.atomic
def _record_found(
    period_id: int, transaction_period_id: str, reason: str, source: ChangeSource
) -> bool:
    period = lock_period(period_id)
    if period.status != PeriodStatus.LOST:
        return False
    transition_period(
        period,
        PeriodStatus.MARKED,
        source,
        detail=reason,
        transaction_period_id=transaction_period_id,
    )
    close_period_cases(period, CaseKind.LOST_PERIOD, source, reason)
    return True


@transaction.atomic
def _record_never_closed(period_id: int, reason: str, source: ChangeSource) -> bool:
    terminal_id = TransactionPeriod.objects.get(pk=period_id).terminal_id
    period = lock_periods(terminal_id)[period_id]
    if period.status != PeriodStatus.LOST:
        return False
    transition_period(period, PeriodStatus.VOID, source, detail=reason)
    close_period_cases(period, CaseKind.LOST_PERIOD, source, reason)
    compare_affected_periods(period, source)
    return True
