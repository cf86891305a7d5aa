"""Reconciles SEQR's reports with the shop's records, and opens a case about differences.

A report is stored in batches and compared in one transaction, which can be repeated. Unexplained
rows are compared again with each later report, since a payment at the boundary of two periods may
be in either.
"""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.balance import captured_amount
from payments.cases.cases import close_period_cases, open_period_case
from payments.leases import LEASE
from payments.models import (
    CAPTURED_STATUSES,
    CERTIFICATION_CASHIER_ID,
    DIFFERENCES,
    EXPLAINED,
    MARK_KNOWN,
    CaseKind,
    Invoice,
    MatchResult,
    MoneyCase,
    PeriodRow,
    PeriodStatus,
    TransactionPeriod,
)
from payments.reconciliation.duplicate_payment import close_duplicate_payment_cases
from payments.reconciliation.matching import (
    batches,
    match_by_amount,
    match_by_reference,
    match_of,
    save_changed_matches,
    stored_batches,
)
from payments.reconciliation.report_coverage import Coverage, Window
from payments.reconciliation.transitions import lock_periods, transition_period
from payments.reconciliation.unknown_amount import close_unknown_amount_cases
from payments.seqr import TransactionRow

MAX_NAME_LENGTH = 200
MAX_REFERENCES_IN_SUMMARY = 3


@transaction.atomic
def store_report(period_id: int, report: Iterable[TransactionRow], source: ChangeSource) -> None:
    """Replace the rows of a period's report, and reconcile the terminal's periods that it affects.

    Does nothing if the period is not closed under a known ID.
    """
    terminal_id = TransactionPeriod.objects.get(pk=period_id).terminal_id
    period = lock_periods(terminal_id)[period_id]
    if period.status not in MARK_KNOWN:
        return
    no_longer_reported = _replace_rows(period, report)
    detail = _match_counts(period)
    fields = {"fetched_at": database_now(), "report_requested_at": None, **LEASE.released()}
    if period.status == PeriodStatus.MARKED:
        transition_period(period, PeriodStatus.RECONCILED, source, detail=detail, **fields)
    else:
        save_fields(period, **fields)
        record_event(period, EventName.REPORT_FETCHED_AGAIN, source, detail=detail)
    close_period_cases(period, CaseKind.RECONCILIATION_STUCK, source, "the report has arrived")
    compare_affected_periods(period, source, no_longer_reported)


def compare_affected_periods(
    period: TransactionPeriod, source: ChangeSource, no_longer_reported: Collection[int] = ()
) -> None:
    """Compare again the terminal's periods that a change of this one may affect; all are locked.

    `no_longer_reported` has the IDs of the payments that its former report contained, and the new
    one does not.
    """
    coverage = Coverage(period.terminal_id)
    for other in _affected_periods(period, coverage, no_longer_reported):
        _compare(other, coverage, source)
    close_duplicate_payment_cases(period.terminal_id, coverage, source)
    close_unknown_amount_cases(source)


def _replace_rows(period: TransactionPeriod, report: Iterable[TransactionRow]) -> set[int]:
    """Store the report's rows in place of the former ones.

    Returns the IDs of the payments in the former report that are not in the new one.
    """
    gone: set[int] = set()
    for rows in stored_batches(period.rows.all()):
        gone.update(row.invoice_id for row in rows if row.invoice_id is not None)
        _same_rows(rows).delete()
    new_rows = (
        PeriodRow(
            period=period,
            position=position,
            amount=row.sales_amount,
            ers_reference=(row.ers_reference or "")[:MAX_NAME_LENGTH],
            terminal_id=(row.terminal_id or "")[:MAX_NAME_LENGTH],
            cashier_id=(row.cashier_id or "")[:MAX_NAME_LENGTH],
        )
        for position, row in enumerate(report, start=1)
    )
    for rows in batches(new_rows):
        match_by_reference(rows)
        _delete_found_missing_rows(rows)
        PeriodRow.objects.bulk_create(rows)
        gone.difference_update(row.invoice_id for row in rows if row.invoice_id is not None)
    match_by_amount(period, Coverage(period.terminal_id))
    return gone


def _affected_periods(
    period: TransactionPeriod, coverage: Coverage, no_longer_reported: Collection[int]
) -> list[TransactionPeriod]:
    """Return this period and those that share a time or a payment with it, as far as reconciled.

    Those with open questions too: this report may have their missing payments. An earlier period's
    case may be open without rows for the same reason.
    """
    sharing = coverage.period_ids_sharing_time_with(period)
    for paid_at in Invoice.objects.filter(pk__in=no_longer_reported).values_list(
        "paid_at", flat=True
    ):
        if paid_at is not None:
            sharing |= coverage.possible_period_ids(paid_at, paid_at)
    unexplained = PeriodRow.objects.filter(period=OuterRef("pk")).exclude(
        match_result__in=EXPLAINED
    )
    open_cases = MoneyCase.objects.filter(
        period=OuterRef("pk"), kind=CaseKind.REPORT_DIFFERS, closed_at=None
    )
    return list(
        TransactionPeriod.objects.filter(
            Q(pk__in=sharing) | Exists(unexplained) | Exists(open_cases),
            terminal=period.terminal_id,
            status=PeriodStatus.RECONCILED,
        ).order_by("day")
    )


def _compare(period: TransactionPeriod, coverage: Coverage, source: ChangeSource) -> None:
    unexplained = period.rows.exclude(match_result__in=(*EXPLAINED, MatchResult.MISSING))
    for rows in stored_batches(unexplained):
        before = [match_of(row) for row in rows]
        match_by_reference(rows)
        _delete_found_missing_rows(rows)
        save_changed_matches(rows, before)
    match_by_amount(period, coverage)
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
    """Add a row for each of the terminal's payments in this window that no report contains."""
    missing = (
        PeriodRow(
            period=period,
            match_result=MatchResult.MISSING,
            amount=captured_amount(invoice),
            ers_reference=invoice.ers_reference or "",
            invoice=invoice,
            shop_id=invoice.shop_id,
        )
        for invoice in window.missing_payments()
    )
    for rows in batches(missing):
        ids = [row.invoice_id for row in rows]
        known = set(PeriodRow.objects.filter(invoice__in=ids).values_list("invoice_id", flat=True))
        PeriodRow.objects.bulk_create(row for row in rows if row.invoice_id not in known)


def _update_case(period: TransactionPeriod, source: ChangeSource) -> None:
    """Open a case if a difference has none yet; close it once there are no differences."""
    differences = period.rows.filter(match_result__in=DIFFERENCES)
    if not differences.exists():
        reason = "the report now agrees with the shop's records"
        close_period_cases(period, CaseKind.REPORT_DIFFERS, source, reason)
    elif differences.filter(has_case=False).exists():
        open_period_case(CaseKind.REPORT_DIFFERS, period, source, _summary(period))
        for rows in stored_batches(differences.filter(has_case=False)):
            _same_rows(rows).update(has_case=True)


def _same_rows(rows: list[PeriodRow]) -> QuerySet[PeriodRow]:
    """Return a query of stored rows: a batch stays within PostgreSQL's statement time-out."""
    return PeriodRow.objects.filter(pk__in=[row.pk for row in rows])


def _summary(period: TransactionPeriod) -> str:
    parts = [f"SEQR's report of {period.day} for {period.terminal} differs"]
    for result in DIFFERENCES:
        rows = period.rows.filter(match_result=result)
        if count := rows.count():
            references = rows.values_list("ers_reference", flat=True)[:MAX_REFERENCES_IN_SUMMARY]
            named = ", ".join(each or "no reference" for each in references)
            more = ", …" if count > MAX_REFERENCES_IN_SUMMARY else ""
            parts.append(f"{_DESCRIPTIONS[result]} ({count}): {named}{more}")
    of_certification = period.rows.filter(
        match_result__in=DIFFERENCES, cashier_id=CERTIFICATION_CASHIER_ID
    ).count()
    if of_certification:
        parts.append(f"{of_certification} of these are of SEQR's certification, and no sales")
    return "; ".join(parts)


_DESCRIPTIONS = {
    MatchResult.UNKNOWN_SALE: "unknown sales",
    MatchResult.UNKNOWN_REFUND: "unknown refunds",
    MatchResult.AMOUNT_DIFFERS: "different amounts",
    MatchResult.REPEATED: "repeated rows",
    MatchResult.MISSING: "missing payments",
}


def _match_counts(period: TransactionPeriod) -> str:
    counted = period.rows.order_by("match_result").values_list("match_result")
    counts = counted.annotate(count=Count("pk"))
    parts = [f"{count} {result.replace('_', ' ')}" for result, count in counts]
    return ", ".join(parts) or "no rows"
