"""Reconciles SEQR's reports with the shop's records, and opens a case about differences.

A report is stored and compared in one transaction, which can be repeated. Unexplained rows are
compared again with each later report, since a payment at the boundary of two periods may be in
either.
"""

from collections import Counter
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.balance import captured_amount
from payments.cases.cases import close_period_cases, open_period_case
from payments.leases import LEASE
from payments.models import (
    CAPTURED_STATUSES,
    DIFFERENCES,
    EXPLAINED,
    MARK_KNOWN,
    CaseKind,
    Invoice,
    MatchResult,
    PeriodRow,
    PeriodStatus,
    TransactionPeriod,
)
from payments.reconciliation.duplicate_payment import close_duplicate_payment_cases
from payments.reconciliation.matching import match_rows
from payments.reconciliation.report_coverage import Coverage, Window
from payments.reconciliation.transitions import lock_periods, transition_period
from payments.seqr import TransactionRow

MAX_NAME_LENGTH = 200
ROW_BATCH_SIZE = 1000
MAX_REFERENCES_IN_SUMMARY = 3


@transaction.atomic
def store_report(period_id: int, report: Iterable[TransactionRow], source: ChangeSource) -> None:
    """Replace the rows of a period's report, and reconcile all periods that this may affect.

    Does nothing if the period is not closed under a known ID.
    """
    period = lock_periods()[period_id]
    if period.status not in MARK_KNOWN:
        return
    _replace_rows(period, report)
    detail = _match_counts(period)
    fields = {"fetched_at": database_now(), **LEASE.released()}
    if period.status == PeriodStatus.MARKED:
        transition_period(period, PeriodStatus.RECONCILED, source, detail=detail, **fields)
    else:
        save_fields(period, **fields)
        record_event(period, EventName.REPORT_FETCHED_AGAIN, source, detail=detail)
    close_period_cases(period, CaseKind.RECONCILIATION_STUCK, source, "the report has arrived")
    compare_affected_periods(period, source)


def compare_affected_periods(period: TransactionPeriod, source: ChangeSource) -> None:
    """Compare again the periods that a change of this one may affect. All periods are locked."""
    coverage = Coverage()
    for other in _affected_periods(period):
        _compare(other, coverage, source)
    close_duplicate_payment_cases(coverage, source)


def _replace_rows(period: TransactionPeriod, report: Iterable[TransactionRow]) -> None:
    period.rows.all().delete()
    rows = [
        PeriodRow(
            period=period,
            position=position,
            amount=row.sales_amount,
            ers_reference=(row.ers_reference or "")[:MAX_NAME_LENGTH],
            terminal_id=(row.terminal_id or "")[:MAX_NAME_LENGTH],
            cashier_id=(row.cashier_id or "")[:MAX_NAME_LENGTH],
        )
        for position, row in enumerate(report, start=1)
    ]
    match_rows(period, rows, Coverage())
    _delete_found_missing_rows(rows)
    PeriodRow.objects.bulk_create(rows, batch_size=ROW_BATCH_SIZE)


def _affected_periods(period: TransactionPeriod) -> list[TransactionPeriod]:
    """Return this period, later ones and those with unexplained rows, as far as reconciled."""
    unexplained = PeriodRow.objects.filter(period=OuterRef("pk")).exclude(
        match_result__in=EXPLAINED
    )
    return list(
        TransactionPeriod.objects.filter(
            Q(day__gte=period.day) | Exists(unexplained), status=PeriodStatus.RECONCILED
        ).order_by("day")
    )


def _compare(period: TransactionPeriod, coverage: Coverage, source: ChangeSource) -> None:
    rows = list(period.rows.exclude(match_result__in=(*EXPLAINED, MatchResult.MISSING)))
    match_rows(period, rows, coverage)
    _delete_found_missing_rows(rows)
    PeriodRow.objects.bulk_update(
        rows, ["match_result", "invoice", "refund"], batch_size=ROW_BATCH_SIZE
    )
    missing = period.rows.filter(match_result=MatchResult.MISSING)
    missing.exclude(invoice__status__in=CAPTURED_STATUSES).delete()
    window = coverage.window_of(period)
    if window is not None:
        _add_missing_rows(period, window)
    _update_case(period, source)


def _delete_found_missing_rows(rows: list[PeriodRow]) -> None:
    found = [row.invoice_id for row in rows if row.invoice_id is not None]
    PeriodRow.objects.filter(match_result=MatchResult.MISSING, invoice_id__in=found).delete()


def _add_missing_rows(period: TransactionPeriod, window: Window) -> None:
    """Add a row for each of the shop's payments in this window that no report contains."""
    missing = Invoice.objects.filter(
        ~Exists(PeriodRow.objects.filter(invoice=OuterRef("pk"))),
        status__in=CAPTURED_STATUSES,
        paid_at__gte=window.begin,
        paid_at__lt=window.end,
    )
    PeriodRow.objects.bulk_create(
        (
            PeriodRow(
                period=period,
                match_result=MatchResult.MISSING,
                amount=captured_amount(invoice),
                ers_reference=invoice.ers_reference or "",
                invoice=invoice,
            )
            for invoice in missing.order_by("paid_at", "id")
        ),
        batch_size=ROW_BATCH_SIZE,
    )


def _update_case(period: TransactionPeriod, source: ChangeSource) -> None:
    """Open a case if a difference has none yet; close it once there are no differences."""
    differences = period.rows.filter(match_result__in=DIFFERENCES)
    if not differences.exists():
        reason = "the report now agrees with the shop's records"
        close_period_cases(period, CaseKind.REPORT_DIFFERS, source, reason)
    elif differences.filter(has_case=False).exists():
        open_period_case(CaseKind.REPORT_DIFFERS, period, source, _summary(period))
        differences.update(has_case=True)


def _summary(period: TransactionPeriod) -> str:
    parts = [f"SEQR's report of {period.day} differs"]
    for result in DIFFERENCES:
        rows = period.rows.filter(match_result=result)
        references = [
            each or "no reference" for each in rows.values_list("ers_reference", flat=True)
        ]
        if references:
            named = ", ".join(references[:MAX_REFERENCES_IN_SUMMARY])
            more = ", …" if len(references) > MAX_REFERENCES_IN_SUMMARY else ""
            parts.append(f"{_DESCRIPTIONS[result]} ({len(references)}): {named}{more}")
    return "; ".join(parts)


_DESCRIPTIONS = {
    MatchResult.UNKNOWN_SALE: "unknown sales",
    MatchResult.UNKNOWN_REFUND: "unknown refunds",
    MatchResult.AMOUNT_DIFFERS: "different amounts",
    MatchResult.REPEATED: "repeated rows",
    MatchResult.MISSING: "missing payments",
}


def _match_counts(period: TransactionPeriod) -> str:
    counts = Counter(period.rows.values_list("match_result", flat=True))
    parts = [f"{count} {result.replace('_', ' ')}" for result, count in sorted(counts.items())]
    return ", ".join(parts) or "no rows"
