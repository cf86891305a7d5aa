"""Reads the figures of a shop's days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Min, Q

from orders.models import Seller, Shop
from payments.closings.comparison import DayReceipts, Reports, read_receipts, sums_of
from payments.closings.figures import DayFigures, NumberRange
from payments.closings.local_days import day_of
from payments.models import MoneyCase, Receipt, TakingsDay
from payments.takings.days import DayTakings, takings_of_days
from payments.takings.update import update_takings


def first_days(shop_ids: Collection[int]) -> dict[int, date]:
    """Return the day of each shop's first receipt, by the shop's ID; a shop may have none."""
    update_takings()
    days = TakingsDay.objects.filter(shop__in=shop_ids).values_list("shop")
    return dict(days.annotate(first=Min("day")).order_by())


def read_figures(shop: Shop, days: Sequence[date], now: datetime) -> list[DayFigures]:
    """Return the figures of some days of a shop, in the order of the days given.

    Calls nothing at SEQR: the reports are those that reconciliation has fetched.
    """
    if not days:
        return []
    takings: defaultdict[date, list[DayTakings]] = defaultdict(list)
    for each in takings_of_days([shop.pk], min(days), max(days)):
        if each.day in days:
            takings[each.day].append(each)
    receipts = read_receipts(shop, [each for some in takings.values() for each in some])
    reports = Reports(shop, receipts, days)
    cases = _open_cases(shop, days, reports)
    sellers = {seller.pk: seller for seller in Seller.objects.all()}
    return [
        DayFigures(
            shop_id=shop.pk,
            day=day,
            is_over=day < day_of(now),
            takings=tuple(takings[day]),
            receipts=sums_of(receipts[day].sums),
            numbers=_numbers(receipts[day], sellers),
            reversals=receipts[day].reversals,
            report=reports.comparison_of(day, receipts[day]),
            open_cases=tuple(sorted(cases[day])),
        )
        for day in days
    ]


def _numbers(receipts: DayReceipts, sellers: Mapping[int, Seller]) -> tuple[NumberRange, ...]:
    """Return the numbers of each seller, and how many of them are in the seller's series."""
    found = []
    for seller_id, (first, last, count) in sorted(receipts.numbers.items()):
        series = Receipt.objects.filter(seller=seller_id, number__gte=first, number__lte=last)
        seller = sellers[seller_id]
        found.append(
            NumberRange(
                seller=seller.legal_name,
                organisation_number=seller.organisation_number,
                first=first,
                last=last,
                receipts=count,
                others=series.count() - count,
            )
        )
    return tuple(found)


def _open_cases(shop: Shop, days: Sequence[date], reports: Reports) -> defaultdict[date, set[int]]:
    """Return the open cases about each day: opened then, or about a payment or a period of it."""
    terminals = set().union(*(reports.terminals_of(day) for day in days))
    of_shop = Q(order__shop=shop)
    of_periods = Q(order=None, period__terminal__in=terminals)
    cases = MoneyCase.objects.filter(of_shop | of_periods, closed_at=None)
    rows: Iterable[tuple[Any, ...]] = cases.values_list(
        *("pk", "opened_at", "order", "invoice__receipts__issued_at"),
        *("period", "period__day", "period__marking_started_at"),
    )
    found: defaultdict[date, set[int]] = defaultdict(set)
    for pk, opened_at, order, issued_at, period, period_day, marked_at in rows:
        if order is None:
            for day in days:
                # A period that SEQR has not closed will contain the day before its own, too.
                may_contain = marked_at is None and 0 <= (period_day - day).days <= 1
                if may_contain or period in reports.periods_of(day):
                    found[day].add(pk)
        else:
            found[day_of(opened_at)].add(pk)
            if issued_at is not None:
                found[day_of(issued_at)].add(pk)
    return found
