"""Compares the receipts of a shop's days with the rows of SEQR's reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    FilteredRelation,
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

from orders.models import Shop, Terminal
from payments.closings.figures import ReportComparison, ShopDay, Sums
from payments.closings.local_days import bounds_of
from payments.models import Invoice, MatchResult, PeriodRow, Receipt, ReceiptKind
from payments.receipts.content import STOCKHOLM
from payments.reconciliation.report_coverage import (
    RECORDING_MARGIN,
    read_coverages,
    reports_show_refunds,
)
from payments.takings.days import DayTakings

_NO_ROW = "no_row"
_REVERSED = "reversed"
_REVERSAL = "reversal"
_NOT_IN_REPORT = (_REVERSAL, _REVERSED, MatchResult.MISSING, _NO_ROW)
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
        is_reported = group["outcome"] not in _NOT_IN_REPORT
        self.reported[group["currency"]] += (is_reported and group["in_report"]) or 0
        self.outcomes[group["kind"], group["outcome"]] += group["count"]
        self.terminals.add(group["terminal"])
        first, last, count = self.numbers.get(group["seller"], (group["first"], group["last"], 0))
        self.numbers[group["seller"]] = (
            min(first, group["first"]),
            max(last, group["last"]),
            count + group["count"],
        )


def read_receipts(
    takings: Collection[DayTakings], seller_ids: Collection[int]
) -> dict[ShopDay, DayReceipts]:
    """Return the receipts of the days that have takings, grouped by PostgreSQL.

    The numbers of the takings bound what the index of the numbers is read for.
    """
    found: defaultdict[ShopDay, DayReceipts] = defaultdict(DayReceipts)
    days = {(each.shop_id, each.day) for each in takings}
    if days:
        wanted = _Wanted(takings, seller_ids)
        for group in (*_grouped_payments(wanted), *_grouped_credits(wanted)):
            values = dict(zip(_GROUP, group, strict=True))
            key = values["shop"], values["local_day"]
            if values["is_counted"] and key in days:
                found[key].add(values)
    return found


class _Wanted:
    """The conditions that select the receipts of some shops' days, and others of days between."""

    def __init__(self, takings: Collection[DayTakings], seller_ids: Collection[int]) -> None:
        of_shops: defaultdict[int, list[DayTakings]] = defaultdict(list)
        for each in takings:
            of_shops[each.shop_id].append(each)
        self._numbers = {shop_id: _numbers_of(some) for shop_id, some in of_shops.items()}
        self.shop_ids = list(of_shops)
        self._seller_ids = seller_ids

    def of_sellers(self, receipt: str = "") -> Q:
        """Select the sellers' receipts from the first number of the shops' days to the last."""
        ranges = (Q((f"{receipt}number__range", each)) for each in _joined(self._numbers.values()))
        return reduce(or_, ranges) & Q((f"{receipt}seller__in", self._seller_ids))

    def is_counted(self, shop: str, receipt: str) -> Case:
        """Return whether the takings of a receipt's shop have counted it.

        As a condition it would let PostgreSQL expect very few receipts.
        """
        lasts = (When(Q((shop, pk)), then=Value(last)) for pk, (_, last) in self._numbers.items())
        return Case(
            When(Q((f"{receipt}number__lte", Case(*lasts))), then=Value(value=True)),
            default=Value(value=False),
        )


def _numbers_of(takings: Iterable[DayTakings]) -> tuple[int, int]:
    """Return the first and the last number of some days."""
    numbers = [(each.first_number or 0, each.last_number or 0) for each in takings]
    return min(first for first, _ in numbers), max(last for _, last in numbers)


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges of numbers with those that overlap joined: those of a seller's shops do."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


def _grouped_payments(wanted: _Wanted) -> Iterable[tuple[Any, ...]]:
    """Return the receipts of payments in groups, with what SEQR's report has of them.

    The IDs of their payments are close together. Given the first one and the last, PostgreSQL reads
    these payments and their rows at once, instead of one after the other.
    """
    payments = Receipt.objects.filter(wanted.of_sellers(), kind=ReceiptKind.PAYMENT).order_by()
    invoice = F("invoice") + 0  # else the index of the payments would be searched for a first one
    first, last = payments.aggregate(first=Min(invoice), last=Max(invoice)).values()
    if first is None:
        return ()
    reversal = Receipt.objects.filter(credited=OuterRef("receipts"), kind=ReceiptKind.REVERSAL)
    paid_again = Receipt.objects.filter(
        invoice=OuterRef("pk"), kind=ReceiptKind.PAYMENT, pk__gt=OuterRef("receipts")
    )
    is_listed = Q(row__isnull=False) & ~Q(row__match_result=MatchResult.MISSING)
    outcome = Case(
        When(~Exists(reversal), then=Coalesce(F("row__match_result"), Value(_NO_ROW))),
        # SEQR has the row of a payment that it reversed: the report does not show the reversal.
        When(is_listed & ~Exists(paid_again), then=Value(MatchResult.AMOUNT_DIFFERS.value)),
        default=Value(_REVERSED),
        output_field=CharField(),
    )
    invoices = Invoice.objects.order_by().filter(
        wanted.of_sellers("receipts__"),
        receipts__kind=ReceiptKind.PAYMENT,
        shop__in=wanted.shop_ids,
        pk__range=(first, last),
    )
    of_ids = Q(period_rows__invoice__gte=first, period_rows__invoice__lte=last)
    rows = FilteredRelation("period_rows", condition=of_ids)
    invoices = invoices.annotate(row=rows)
    return _summed(wanted, invoices, outcome, F("row__amount"), invoice="", receipt="receipts__")


def _grouped_credits(wanted: _Wanted) -> Iterable[tuple[Any, ...]]:
    """Return the credit receipts in groups, with what SEQR's report has of the refunds."""
    outcome = Case(
        When(kind=ReceiptKind.REVERSAL, then=Value(_REVERSAL)),
        default=Coalesce(F("refund__period_rows__match_result"), Value(_NO_ROW)),
        output_field=CharField(),
    )
    receipts = Receipt.objects.order_by().filter(wanted.of_sellers(), ~Q(kind=ReceiptKind.PAYMENT))
    row_amount = F("refund__period_rows__amount")
    return _summed(wanted, receipts, outcome, row_amount, invoice="invoice__", receipt="")


_GROUP = (
    *("shop", "terminal", "seller", "kind", "currency", "local_day"),
    *("is_counted", "outcome"),
    *("count", "total", "in_report", "first", "last"),
)


def _summed(
    wanted: _Wanted,
    rows: QuerySet[Any],
    outcome: Case,
    row_amount: F,
    *,
    invoice: str,
    receipt: str,
) -> Iterable[tuple[Any, ...]]:
    """Return the values of `_GROUP`, given the paths from the rows to invoice and receipt."""
    groups = rows.values_list(
        *(f"{invoice}shop", f"{invoice}terminal"),
        *(f"{receipt}seller", f"{receipt}kind", f"{receipt}currency"),
        TruncDate(f"{receipt}issued_at", tzinfo=STOCKHOLM),
        wanted.is_counted(f"{invoice}shop", receipt),
        outcome,
    )
    summed: Iterable[tuple[Any, ...]] = groups.annotate(
        receipt_count=Count(f"{receipt}pk"),
        receipt_total=Sum(f"{receipt}amount"),
        reported_total=Sum(row_amount),
        first_number=Min(f"{receipt}number"),
        last_number=Max(f"{receipt}number"),
    )
    return summed


def _signed(kind: str, amount: Decimal) -> Decimal:
    return amount if kind == ReceiptKind.PAYMENT else -amount


def sums_of(amounts: Mapping[str, Decimal]) -> Sums:
    """Return amounts by currency, in the order of the currencies."""
    return tuple(sorted(amounts.items()))


class Reports:
    """SEQR's reports of the terminals of some shops, for some days of each.

    What a terminal's reports have of a day is found once for all shops that use it.
    """

    def __init__(
        self, days_of: Mapping[Shop, Collection[date]], receipts: Mapping[ShopDay, DayReceipts]
    ) -> None:
        wanted = {
            (shop.pk, day): shop.terminal_id for shop, days in days_of.items() for day in days
        }
        used = {key: receipts[key].terminals for key in wanted if key in receipts}
        ids = set(wanted.values()).union(*used.values())
        self._added_at = dict(Terminal.objects.filter(pk__in=ids).values_list("pk", "added_at"))
        self._terminals = {
            key: used[key] if key in used else self._in_use(own, key[1])
            for key, own in wanted.items()
        }
        self._coverage = read_coverages(ids)
        self.show_refunds = reports_show_refunds()
        of_days = {(pk, day) for (_, day), some in self._terminals.items() for pk in some}
        self._is_reported = {key: self._covers(*key) for key in of_days}
        periods = {key: self._periods_of(*key) for key in of_days}
        self._periods: dict[ShopDay, set[int]] = {
            (shop_id, day): set().union(*(periods[pk, day] for pk in some))
            for (shop_id, day), some in self._terminals.items()
        }
        rows = PeriodRow.objects.filter(
            period__in=set().union(*periods.values()), match_result__in=_NOT_HERE
        )
        counts = rows.order_by().values_list("period").annotate(count=Count("pk"))
        self._not_here: dict[int, int] = dict(counts)

    def terminals_of(self, shop_id: int, day: date) -> set[int]:
        """Return the IDs of the terminals that the shop used on a day."""
        return self._terminals[shop_id, day]

    def periods_of(self, shop_id: int, day: date) -> set[int]:
        """Return the IDs of the periods that contain a part of a shop's day."""
        return self._periods[shop_id, day]

    def comparison_of(self, shop_id: int, day: date, receipts: DayReceipts) -> ReportComparison:
        """Return what SEQR's reports have of a day's receipts."""
        number = receipts.outcomes
        is_complete = all(self._is_reported[pk, day] for pk in self._terminals[shop_id, day])
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
            missing_here=sum(self._not_here.get(pk, 0) for pk in self._periods[shop_id, day]),
            awaited=0 if is_complete else may_be_missing,
            unlisted=0 if self.show_refunds else refunds_without_row,
            reported=sums_of(receipts.reported),
        )

    def _in_use(self, terminal_id: int, day: date) -> set[int]:
        """Return the terminal if it was in use by then, for a day without receipts."""
        _, end = bounds_of(day)
        return {terminal_id} if self._added_at[terminal_id] < end else set()

    def _periods_of(self, terminal_id: int, day: date) -> set[int]:
        begin, end = bounds_of(day)
        # A period's own time, without the minute in which SEQR may record a transaction later.
        inner = begin + RECORDING_MARGIN, end - RECORDING_MARGIN
        return self._coverage[terminal_id].possible_period_ids(*inner)

    def _covers(self, terminal_id: int, day: date) -> bool:
        """Return whether the terminal's reports cover the time that it was in use on a day."""
        begin, end = bounds_of(day)
        added_at = self._added_at[terminal_id]
        since = added_at if begin < added_at < end else begin
        return self._coverage[terminal_id].is_reported(since, end)
