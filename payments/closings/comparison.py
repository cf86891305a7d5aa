"""Compares the receipts of a shop's days with the rows of SEQR's reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, TruncDate

from orders.models import Seller, Shop, Terminal
from payments.closings.figures import ReportComparison, Sums
from payments.closings.local_days import bounds_of
from payments.models import MatchResult, PeriodRow, Receipt, ReceiptKind
from payments.receipts.content import STOCKHOLM
from payments.reconciliation.report_coverage import (
    RECORDING_MARGIN,
    Coverage,
    reports_show_refunds,
)
from payments.takings.days import DayTakings

_NO_ROW = "no_row"
_REVERSED = "reversed"
_REVERSAL = "reversal"
_NOT_HERE = (
    MatchResult.UNKNOWN_SALE,
    MatchResult.UNKNOWN_REFUND,
    MatchResult.MAYBE_REFUND,
    MatchResult.REPEATED,
)


@dataclass
class DayReceipts:
    """The receipts of a day: their sums by currency, their numbers by seller, and their reports."""

    sums: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    reported: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    # The first and the last number, and how many receipts there are, by the seller's ID.
    numbers: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    # How many payments, refunds and reversals there are, by kind and what SEQR's report has.
    outcomes: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    terminals: set[int] = field(default_factory=set)

    @property
    def reversals(self) -> int:
        """The number of SEQR's reversals."""
        return self.outcomes[ReceiptKind.REVERSAL, _REVERSAL]

    def add(self, group: Mapping[str, Any]) -> None:
        """Add the receipts of one group of the statement."""
        self.sums[group["currency"]] += _signed(group["kind"], group["total"])
        self.reported[group["currency"]] += group["in_report"] or 0
        self.outcomes[group["kind"], group["outcome"]] += group["count"]
        self.terminals.add(group["invoice__terminal"])
        first, last, count = self.numbers.get(group["seller"], (group["first"], group["last"], 0))
        self.numbers[group["seller"]] = (
            min(first, group["first"]),
            max(last, group["last"]),
            count + group["count"],
        )


def read_receipts(shop: Shop, takings: Sequence[DayTakings]) -> dict[date, DayReceipts]:
    """Return the receipts of the days that have takings, grouped in one statement.

    The numbers of the takings bound what the index of the numbers is read for.
    """
    found: defaultdict[date, DayReceipts] = defaultdict(DayReceipts)
    if not takings:
        return found
    days = [each.day for each in takings]
    receipts = Receipt.objects.filter(
        seller__in=list(Seller.objects.values_list("pk", flat=True)),
        number__gte=min(each.first_number or 0 for each in takings),
        number__lte=max(each.last_number or 0 for each in takings),
        invoice__shop=shop,
        issued_at__gte=bounds_of(min(days))[0],
        issued_at__lt=bounds_of(max(days))[1],
    )
    for group in _grouped(receipts):
        found[group["local_day"]].add(group)
    return found


def _grouped(receipts: QuerySet[Receipt]) -> Iterable[Any]:
    reversal = Receipt.objects.filter(credited=OuterRef("pk"), kind=ReceiptKind.REVERSAL)
    paid_again = Receipt.objects.filter(
        invoice=OuterRef("invoice"), kind=ReceiptKind.PAYMENT, pk__gt=OuterRef("pk")
    )
    is_payment = Q(kind=ReceiptKind.PAYMENT)
    in_report = F("invoice__period_rows__match_result")
    is_listed = Q(invoice__period_rows__isnull=False) & ~Q(
        invoice__period_rows__match_result=MatchResult.MISSING
    )
    outcome = Case(
        When(kind=ReceiptKind.REVERSAL, then=Value(_REVERSAL)),
        # SEQR has the row of a payment that it reversed: the report does not show the reversal.
        When(
            is_payment & Exists(reversal) & is_listed & ~Exists(paid_again),
            then=Value(MatchResult.AMOUNT_DIFFERS.value),
        ),
        When(is_payment & Exists(reversal), then=Value(_REVERSED)),
        When(is_payment, then=Coalesce(in_report, Value(_NO_ROW))),
        default=Coalesce(F("refund__period_rows__match_result"), Value(_NO_ROW)),
        output_field=CharField(),
    )
    not_in_report = (_REVERSAL, _REVERSED, MatchResult.MISSING.value, _NO_ROW)
    row_amount = Case(
        When(outcome__in=not_in_report, then=None),
        When(is_payment, then=F("invoice__period_rows__amount")),
        default=F("refund__period_rows__amount"),
    )
    return (
        receipts.order_by()
        .annotate(local_day=TruncDate("issued_at", tzinfo=STOCKHOLM), outcome=outcome)
        .values("local_day", "seller", "kind", "currency", "invoice__terminal", "outcome")
        .annotate(
            count=Count("pk"),
            total=Sum("amount"),
            in_report=Sum(row_amount),
            first=Min("number"),
            last=Max("number"),
        )
    )


def _signed(kind: str, amount: Decimal) -> Decimal:
    return amount if kind == ReceiptKind.PAYMENT else -amount


def sums_of(amounts: Mapping[str, Decimal]) -> Sums:
    """Return amounts by currency, in the order of the currencies."""
    return tuple(sorted(amounts.items()))


class Reports:
    """SEQR's reports of a shop's terminals, for the days from the first to the last."""

    def __init__(self, shop: Shop, receipts: Mapping[date, DayReceipts], days: Sequence[date]):
        used = {day: receipts[day].terminals for day in days if day in receipts}
        ids = {shop.terminal_id}.union(*used.values())
        self._added_at = dict(Terminal.objects.filter(pk__in=ids).values_list("pk", "added_at"))
        self._terminals = {
            day: used[day] if day in used else self._in_use({shop.terminal_id}, day) for day in days
        }
        self._coverage = {terminal_id: Coverage(terminal_id) for terminal_id in ids}
        self.show_refunds = reports_show_refunds()
        self._periods = {day: self._periods_of(day) for day in days}
        rows = PeriodRow.objects.filter(
            period__in=set().union(*self._periods.values()), match_result__in=_NOT_HERE
        )
        counts = rows.order_by().values_list("period").annotate(count=Count("pk"))
        self._not_here: dict[int, int] = dict(counts)

    def terminals_of(self, day: date) -> set[int]:
        """Return the IDs of the terminals that the shop used on a day."""
        return self._terminals[day]

    def periods_of(self, day: date) -> set[int]:
        """Return the IDs of the periods that contain a part of a day."""
        return self._periods[day]

    def comparison_of(self, day: date, receipts: DayReceipts) -> ReportComparison:
        """Return what SEQR's reports have of a day's receipts."""
        number = receipts.outcomes
        is_complete = self._is_complete(day)
        without_row = number[ReceiptKind.PAYMENT, _NO_ROW]
        refunds_without_row = number[ReceiptKind.REFUND, _NO_ROW]
        may_be_missing = without_row + (refunds_without_row if self.show_refunds else 0)
        return ReportComparison(
            is_complete=is_complete,
            matched=number[ReceiptKind.PAYMENT, MatchResult.SALE]
            + number[ReceiptKind.REFUND, MatchResult.REFUND],
            different=number[ReceiptKind.PAYMENT, MatchResult.AMOUNT_DIFFERS]
            + number[ReceiptKind.REFUND, MatchResult.AMOUNT_DIFFERS],
            missing_there=number[ReceiptKind.PAYMENT, MatchResult.MISSING]
            + (may_be_missing if is_complete else 0),
            missing_here=sum(self._not_here.get(pk, 0) for pk in self._periods[day]),
            awaited=0 if is_complete else may_be_missing,
            unlisted=0 if self.show_refunds else refunds_without_row,
            reported=sums_of(receipts.reported),
        )

    def _in_use(self, terminal_ids: set[int], day: date) -> set[int]:
        """Return those of the terminals that were in use by then, for a day without receipts."""
        _, end = bounds_of(day)
        return {pk for pk in terminal_ids if self._added_at[pk] < end}

    def _periods_of(self, day: date) -> set[int]:
        begin, end = bounds_of(day)
        # A period's own time, without the minute in which SEQR may record a transaction later.
        inner = begin + RECORDING_MARGIN, end - RECORDING_MARGIN
        return set().union(
            *(self._coverage[pk].possible_period_ids(*inner) for pk in self._terminals[day])
        )

    def _is_complete(self, day: date) -> bool:
        return all(
            self._coverage[terminal_id].is_reported(*self._use_of(terminal_id, day))
            for terminal_id in self._terminals[day]
        )

    def _use_of(self, terminal_id: int, day: date) -> tuple[datetime, datetime]:
        """Return from when on the terminal was in use that day, and the end of the day."""
        begin, end = bounds_of(day)
        added_at = self._added_at[terminal_id]
        return (added_at if begin < added_at < end else begin), end
