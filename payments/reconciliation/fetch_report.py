"""executeReport: fetches a closed period's report, and reconciles it with the shop's records.

The call changes nothing at SEQR, so it can be repeated freely. A report may have hundreds of
thousands of rows, so only a worker fetches it, and its rows are never in memory all at once.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction

from orders.audit import ChangeSource, record_event, record_event_once
from orders.clock import database_now
from orders.models import EventName, Terminal
from orders.state_machine import save_fields
from payments.call_audit import audited_client
from payments.leases import LEASE, report_lease_duration
from payments.models import MARK_KNOWN, TransactionPeriod
from payments.reconciliation.backoff import open_case_if_stuck, retry_pause
from payments.reconciliation.reconcile import store_report
from payments.reconciliation.transitions import lock_period
from payments.seqr import (
    Report,
    ReportId,
    SeqrError,
    SeqrProtocolError,
    TransactionReport,
    TransactionRow,
)


def fetch_report(period_id: int, source: ChangeSource) -> bool:
    """Fetch a closed period's report and reconcile it; return whether that was done.

    A lease or a pause prevents it. An error defers the next attempt, opens a case after hours, and
    is raised: the gateway's.
    """
    period = _take_lease(period_id)
    if period is None or period.transaction_period_id is None:
        return False
    try:
        with _transactions(period.transaction_period_id, period.terminal, source) as rows:
            store_report(period_id, rows, source)
    except SeqrError as error:
        _defer(period_id, error, source)
        raise
    return True


@transaction.atomic
def request_report(period_id: int, source: ChangeSource) -> bool:
    """Let a worker fetch a closed period's report now; return whether there is one."""
    period = lock_period(period_id)
    if period.status not in MARK_KNOWN:
        return False
    save_fields(period, report_requested_at=database_now(), **LEASE.released())
    record_event(period, EventName.REPORT_REQUESTED, source)
    return True


def check_period_id(transaction_period_id: str, terminal: Terminal, source: ChangeSource) -> None:
    """Check that SEQR has closed a period of the terminal under this ID, by its short summary.

    Raises the gateway's errors.
    """
    client = audited_client(terminal.pk, None, source)
    with client.execute_report(
        ReportId.TERMINAL_SUMMARY, transaction_period_id, terminal.principal_id
    ) as report:
        _check_period(report, transaction_period_id)


@contextmanager
def _transactions(
    transaction_period_id: str, terminal: Terminal, source: ChangeSource
) -> Iterator[Iterable[TransactionRow]]:
    """Enter a context with the terminal's transactions in a period. Raises the gateway's errors.

    Source: API reference 2.6.0, executeReport.
    """
    client = audited_client(terminal.pk, None, source)
    with client.execute_report(
        ReportId.TERMINAL_TRANSACTIONS, transaction_period_id, terminal.principal_id
    ) as report:
        if not isinstance(report, TransactionReport):
            raise SeqrProtocolError("executeReport", "the report has sums, not transactions", 0)
        _check_period(report, transaction_period_id)
        yield report.rows


def _check_period(report: Report, transaction_period_id: str) -> None:
    if report.meta.transaction_period_id not in (None, transaction_period_id):
        raise SeqrProtocolError("executeReport", "the report is of another period", 0)


@transaction.atomic
def _take_lease(period_id: int) -> TransactionPeriod | None:
    """Take the lease and return the period; None if its report must not be fetched now."""
    period = lock_period(period_id)
    now = database_now()
    if period.status not in MARK_KNOWN or not LEASE.has_lapsed(period, now):
        return None
    save_fields(period, **LEASE.taken(report_lease_duration()))
    return period


@transaction.atomic
def _defer(period_id: int, error: SeqrError, source: ChangeSource) -> None:
    period = lock_period(period_id)
    waiting_since = period.report_requested_at or period.since
    pause = retry_pause(error, waiting_since=waiting_since)
    save_fields(period, **LEASE.deferred(pause))
    record_event_once(period, EventName.REPORT_DEFERRED, source, detail=str(error))
    open_case_if_stuck(period, error, source, waiting_since=waiting_since)
