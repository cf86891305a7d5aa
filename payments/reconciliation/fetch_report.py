"""executeReport: fetches a closed period's report, and reconciles it with the shop's records.

The call changes nothing at SEQR, so it can be repeated freely.
"""

from django.db import transaction

from orders.audit import ChangeSource, record_event_once
from orders.clock import database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.call_audit import audited_client
from payments.leases import LEASE
from payments.models import MARK_KNOWN, PeriodStatus, TransactionPeriod
from payments.reconciliation.backoff import open_case_if_stuck, retry_pause
from payments.reconciliation.reconcile import store_report
from payments.reconciliation.transitions import lock_period
from payments.seqr import (
    ReportId,
    SeqrError,
    SeqrProtocolError,
    TransactionReport,
    TransactionRow,
)


def fetch_report(period_id: int, source: ChangeSource, *, force: bool = False) -> bool:
    """Fetch a closed period's report and reconcile it; return whether that was done.

    A lease or a pause prevents it, unless `force` is set. Raises the gateway's errors. Until the
    first report arrives, an error defers the next attempt, and opens a case after hours.
    """
    period = _take_lease(period_id, force=force)
    if period is None or period.transaction_period_id is None:
        return False
    try:
        rows = fetch_report_rows(period.transaction_period_id, period.terminal_id, source)
    except SeqrError as error:
        _defer(period_id, error, source)
        raise
    store_report(period_id, rows, source)
    return True


def fetch_report_rows(
    transaction_period_id: str, terminal_id: str, source: ChangeSource
) -> tuple[TransactionRow, ...]:
    """Return the terminal's transactions in a period. Raises the gateway's errors.

    Source: API reference 2.6.0, executeReport.
    """
    client = audited_client(None, source)
    report = client.execute_report(
        ReportId.TERMINAL_TRANSACTIONS, transaction_period_id, terminal_id
    )
    if not isinstance(report, TransactionReport):
        raise SeqrProtocolError("executeReport", "the report has sums, not transactions", 0)
    if report.meta.transaction_period_id not in (None, transaction_period_id):
        raise SeqrProtocolError("executeReport", "the report is of another period", 0)
    return report.rows


@transaction.atomic
def _take_lease(period_id: int, *, force: bool) -> TransactionPeriod | None:
    """Take the lease and return the period; None if its report must not be fetched now."""
    period = lock_period(period_id)
    now = database_now()
    if period.status not in MARK_KNOWN or not (force or LEASE.has_lapsed(period, now)):
        return None
    save_fields(period, **LEASE.taken(now))
    return period


@transaction.atomic
def _defer(period_id: int, error: SeqrError, source: ChangeSource) -> None:
    period = lock_period(period_id)
    if period.status == PeriodStatus.RECONCILED:  # requested by a person, who sees the error
        save_fields(period, **LEASE.released())
        return
    save_fields(period, **LEASE.deferred(retry_pause(error, waiting_since=period.since)))
    record_event_once(period, EventName.REPORT_DEFERRED, source, detail=str(error))
    open_case_if_stuck(period, error, source, waiting_since=period.since)
