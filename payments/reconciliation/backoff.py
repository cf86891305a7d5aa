"""Pauses between attempts of the reconciliation, and the case about a period that is stuck."""

from datetime import datetime, timedelta

from django.conf import settings

from orders.audit import ChangeSource
from orders.clock import database_now
from payments.cases.cases import open_period_case
from payments.leases import proportional_pause
from payments.models import CaseKind, TransactionPeriod
from payments.seqr import (
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrReportTooLarge,
    SeqrUnavailable,
)

SHORTEST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
NO_RETRY = timedelta(days=365)


def retry_pause(error: SeqrError, *, waiting_since: datetime) -> timedelta:
    """Return the pause before the next attempt.

    It is a tenth of the time since `waiting_since`, or the longest pause if SEQR rejects the call.
    A report that is too large stays so, and is not fetched again by itself.
    """
    if isinstance(error, SeqrReportTooLarge):
        return NO_RETRY
    if not _is_temporary(error):
        return LONGEST_PAUSE
    return proportional_pause(database_now() - waiting_since, SHORTEST_PAUSE, LONGEST_PAUSE)


def overdue_after() -> timedelta:
    """Return the time after which a report that has not arrived is a case."""
    return timedelta(hours=settings.REPORT_OVERDUE_HOURS)


def open_case_if_stuck(
    period: TransactionPeriod, error: SeqrError, source: ChangeSource, *, waiting_since: datetime
) -> None:
    """Open a case about a locked period after hours of attempts, or at once if none can help."""
    if not _is_temporary(error) or database_now() - waiting_since > overdue_after():
        summary = f"SEQR's report of {period.day} is not available: {error}"
        open_period_case(CaseKind.RECONCILIATION_STUCK, period, source, summary)


def _is_temporary(error: SeqrError) -> bool:
    is_answered_later = isinstance(error, SeqrUnavailable | SeqrOutcomeUnknown)
    return is_answered_later and not isinstance(error, SeqrReportTooLarge)
