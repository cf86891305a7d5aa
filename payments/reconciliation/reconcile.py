"""A period's report beside our books: kept row by row, compared, and told where they differ.

All of it is one transaction, and doing it again gives the same. What is not explained yet is looked
at again with each further report: a payment at the border of two periods is in the next one.
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
    DIFFERENCES,
    EXPLAINED,
    MARK_KNOWN,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MatchResult,
    PeriodRow,
    PeriodStatus,
    TransactionPeriod,
)
from payments.reconciliation.duplicate_payment import close_duplicate_payment_cases
from payments.reconciliation.matching import match
from payments.reconciliation.report_coverage import Coverage, Window
from payments.reconciliation.transitions import lock_periods, transition_period
from payments.seqr import TransactionRow

LONGEST_NAME = 200
AT_ONCE = 1000
NAMED_IN_A_CASE = 3


@transaction.atomic
def store_report(period_id: int, report: Iterable[TransactionRow], source: ChangeSource) -> None:
    """Keep the rows of a period's report in the place of earlier ones, and compare them.

    Does nothing where the period is not closed under an id that we know.
    """
    period = lock_periods()[period_id]
    if period.status not in MARK_KNOWN:
        return
    _replace_rows(period, report)
    told = _in_numbers(period)
    fields = {"fetched_at": database_now(), **LEASE.released()}
    if period.status == PeriodStatus.MARKED:
        transition_period(period, PeriodStatus.RECONCILED, source, detail=told, **fields)
    else:
        save_fields(period, **fields)
        record_event(period, EventName.REPORT_FETCHED_AGAIN, source, detail=told)
    close_period_cases(period, CaseKind.RECONCILIATION_STUCK, source, "the report has come")
    compare_affected_periods(period, source)


def compare_affected_periods(period: TransactionPeriod, source: ChangeSource) -> None:
    """Compare again what a change of this period may explain, under the locks of all periods."""
    coverage = Coverage()
    for other in _to_compare(period):
        _compare(other, coverage, source)
    close_duplicate_payment_cases(coverage, source)


def _replace_rows(period: TransactionPeriod, report: Iterable[TransactionRow]) -> None:
    period.rows.all().delete()
    rows = [
        PeriodRow(
            period=period,
            position=position,
            amount=row.sales_amount,
            ers_reference=(row.ers_reference or "")[:LONGEST_NAME],
            terminal_id=(row.terminal_id or "")[:LONGEST_NAME],
            cashier_id=(row.cashier_id or "")[:LONGEST_NAME],
        )
        for position, row in enumerate(report, start=1)
    ]
    match(period, rows, Coverage())
    _no_longer_missing(rows)
    PeriodRow.objects.bulk_create(rows, batch_size=AT_ONCE)


def _to_compare(period: TransactionPeriod) -> list[TransactionPeriod]:
    """Return this period, those after it and those with rows that nobody has explained."""
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
    match(period, rows, coverage)
    _no_longer_missing(rows)
    PeriodRow.objects.bulk_update(rows, ["match_result", "invoice", "refund"], batch_size=AT_ONCE)
    missing = period.rows.filter(match_result=MatchResult.MISSING)
    missing.exclude(invoice__status=InvoiceStatus.PAID).delete()
    window = coverage.window_of(period)
    if window is not None:
        _note_missing(period, window)
    _tell(period, source)


def _no_longer_missing(rows: list[PeriodRow]) -> None:
    found = [row.invoice_id for row in rows if row.invoice_id is not None]
    PeriodRow.objects.filter(match_result=MatchResult.MISSING, invoice_id__in=found).delete()


def _note_missing(period: TransactionPeriod, window: Window) -> None:
    """Note the payments of ours that neither this report has nor any other that could."""
    lacking = Invoice.objects.filter(
        ~Exists(PeriodRow.objects.filter(invoice=OuterRef("pk"))),
        status=InvoiceStatus.PAID,
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
            for invoice in lacking.order_by("paid_at", "id")
        ),
        batch_size=AT_ONCE,
    )


def _tell(period: TransactionPeriod, source: ChangeSource) -> None:
    """Open a case about differences that nobody has been told of; close it once there are none."""
    differences = period.rows.filter(match_result__in=DIFFERENCES)
    if not differences.exists():
        reason = "the report and our books agree now"
        close_period_cases(period, CaseKind.REPORT_DIFFERS, source, reason)
    elif differences.filter(has_case=False).exists():
        open_period_case(CaseKind.REPORT_DIFFERS, period, source, _in_words(period))
        differences.update(has_case=True)


def _in_words(period: TransactionPeriod) -> str:
    differences = period.rows.filter(match_result__in=DIFFERENCES)
    kinds = []
    for match_result in DIFFERENCES:
        references = list(
            differences.filter(match_result=match_result).values_list("ers_reference")
        )
        named = [reference or "no reference" for (reference,) in references[:NAMED_IN_A_CASE]]
        if references:
            more = ", …" if len(references) > len(named) else ""
            kinds.append(f"{len(references)} {_WORDS[match_result]} ({', '.join(named)}{more})")
    return f"SEQR's report of {period.day}: {'; '.join(kinds)}"


_WORDS = {
    MatchResult.UNKNOWN_SALE: "sales unknown to us",
    MatchResult.UNKNOWN_REFUND: "refunds unknown to us",
    MatchResult.AMOUNT_DIFFERS: "of another amount",
    MatchResult.REPEATED: "told once more",
    MatchResult.MISSING: "payments of ours missing",
}


def _in_numbers(period: TransactionPeriod) -> str:
    numbers = Counter(period.rows.values_list("match_result", flat=True))
    told = [
        f"{number} {match_result.replace('_', ' ')}"
        for match_result, number in sorted(numbers.items())
    ]
    return ", ".join(told) or "no rows"
