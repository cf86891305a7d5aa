"""How long the night's work waits before it tries again, and when a person is told."""

from datetime import datetime, timedelta

from orders.audit import ChangeSource
from orders.clock import database_now
from payments.cases.cases import open_period_case
from payments.leases import proportional_pause
from payments.models import CaseKind, TransactionPeriod
from payments.seqr import SeqrError, SeqrOutcomeUnknown, SeqrUnavailable

SHORTEST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
PATIENCE = timedelta(hours=3)


def retry_pause(error: SeqrError, *, waiting_since: datetime) -> timedelta:
    """Return the pause before the next attempt: a tenth of the wait so far."""
    if not _may_pass(error):
        return LONGEST_PAUSE
    return proportional_pause(database_now() - waiting_since, SHORTEST_PAUSE, LONGEST_PAUSE)


def open_case_if_stuck(
    period: TransactionPeriod, error: SeqrError, source: ChangeSource, *, waiting_since: datetime
) -> None:
    """Open a case about a locked period where SEQR refuses, or where it takes hours already."""
    if not _may_pass(error) or database_now() - waiting_since > PATIENCE:
        what = f"The report of {period.day} cannot be had: {error}"
        open_period_case(CaseKind.RECONCILIATION_STUCK, period, source, what)


def _may_pass(error: SeqrError) -> bool:
    return isinstance(error, SeqrUnavailable | SeqrOutcomeUnknown)
