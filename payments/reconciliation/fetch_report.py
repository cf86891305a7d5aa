"""executeReport: a closed period's transactions, fetched until they are there, and compared.

It may be asked as often as one likes.
"""

from django.db import transaction

from orders.audit import ChangeSource, record_event_once
from orders.clock import database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.call_audit import audited_client
from payments.leases import LEASE
from payments.models import MARK_KNOWN, PeriodStatus
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
    """Fetch a closed period's report and compare it with our books; return whether that was done.

    Not while somebody else is just doing so or a pause lasts, unless it is wanted at once. Raises
    the gateway's errors; until the first report has come, the night's work asks again after a
    while, and opens a case where that takes long.
    """
    transaction_period_id = _take_lease(period_id, force=force)
    if transaction_period_id is None:
        return False
    try:
        rows = fetch_report_rows(transaction_period_id, source)
    except SeqrError as error:
        _defer(period_id, error, source)
        raise
    store_report(period_id, rows, source)
    return True


def fetch_report_rows(
    transaction_period_id: str, source: ChangeSource
) -> tuple[TransactionRow, ...]:
    """Return the shop's transactions of a period, one by one. Raises the gateway's errors."""
    client = audited_client(None, source)
    report = client.execute_report(ReportId.SHOP_TRANSACTIONS, transaction_period_id)
    if not isinstance(report, TransactionReport):
        raise SeqrProtocolError("executeReport", "the report tells sums, not transactions", 0)
    if report.meta.transaction_period_id not in (None, transaction_period_id):
        raise SeqrProtocolError("executeReport", "the report is of another period", 0)
    return report.rows


@transaction.atomic
def _take_lease(period_id: int, *, force: bool) -> str | None:
    """Return SEQR's id of the period if its report is ours to fetch now."""
    period = lock_period(period_id)
    now = database_now()
    if period.status not in MARK_KNOWN or not (force or LEASE.has_lapsed(period, now)):
        return None
    save_fields(period, **LEASE.taken(now))
    return period.transaction_period_id


@transaction.atomic
def _defer(period_id: int, error: SeqrError, source: ChangeSource) -> None:
    period = lock_period(period_id)
    if period.status == PeriodStatus.RECONCILED:  # a person wanted it again, and is told
        save_fields(period, **LEASE.released())
        return
    save_fields(period, **LEASE.deferred(retry_pause(error, waiting_since=period.since)))
    record_event_once(period, EventName.REPORT_DEFERRED, source, detail=str(error))
    open_case_if_stuck(period, error, source, waiting_since=period.since)
