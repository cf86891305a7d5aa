"""Reads the figures of shops' days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Min, Q

from orders.models import Seller, Shop
from payments.closings.comparison import Reports, read_receipts, sums_of
from payments.closings.figures import DayFigures, ShopDay
from payments.closings.local_days import day_of
from payments.closings.numbers import read_numbers
from payments.models import MoneyCase, TakingsDay
from payments.takings.days import DayTakings, takings_of_days
from payments.takings.update import update_takings

DaysOfShops = Mapping[Shop, Sequence[date]]
TakingsOfDays = dict[ShopDay, list[DayTakings]]


def first_days(shop_ids: Collection[int]) -> dict[int, date]:
    """Return the day of each shop's first receipt, by the shop's ID; a shop may have none."""
    update_takings()
    days = TakingsDay.objects.filter(shop__in=shop_ids).values_list("shop")
    return dict(days.annotate(first=Min("day")).order_by())


def read_takings(days_of: DaysOfShops) -> TakingsOfDays:
    """Return the takings of each shop's days; a day without receipts has none."""
    found: TakingsOfDays = {(shop.pk, day): [] for shop, days in days_of.items() for day in days}
    if found:
        first, last = (of(day for _, day in found) for of in (min, max))
        for each in takings_of_days([shop.pk for shop in days_of], first, last):
            if (each.shop_id, each.day) in found:
                found[each.shop_id, each.day].append(each)
    return found


def read_figures(days_of: DaysOfShops, now: datetime) -> list[DayFigures]:
    """Return the figures of each shop's days, in the order given, in as many statements as of one.

    Calls nothing at SEQR: the reports are those that reconciliation has fetched.
    """
    return figures_of(days_of, read_takings(days_of), now)


def figures_of(
    days_of: DaysOfShops, takings: Mapping[ShopDay, Sequence[DayTakings]], now: datetime
) -> list[DayFigures]:
    """Return the figures of each shop's days, whose takings have been read."""
    wanted = [(shop.pk, day) for shop, days in days_of.items() for day in days]
    if not wanted:
        return []
    sellers = {seller.pk: seller for seller in Seller.objects.all()}
    receipts = read_receipts([each for key in wanted for each in takings[key]], sellers)
    reports = Reports(days_of, receipts)
    numbers = read_numbers(receipts, sellers)
    cases = _open_cases(days_of, reports)
    is_over = {day: day < day_of(now) for _, day in wanted}
    return [
        DayFigures(
            shop_id=shop_id,
            day=day,
            is_over=is_over[day],
            takings=tuple(takings[shop_id, day]),
            receipts=sums_of(receipts[shop_id, day].sums),
            numbers=numbers.get((shop_id, day), ()),
            reversals=receipts[shop_id, day].reversals,
            report=reports.comparison_of(shop_id, day, receipts[shop_id, day]),
            open_cases=tuple(sorted(cases[shop_id, day])),
        )
        for shop_id, day in wanted
    ]


def _open_cases(days_of: DaysOfShops, reports: Reports) -> defaultdict[ShopDay, set[int]]:
    """Return the open cases about each day: opened then, or about a payment or a period of it."""
    terminals = {
        shop.pk: set().union(*(reports.terminals_of(shop.pk, day) for day in days))
        for shop, days in days_of.items()
    }
    of_shops = Q(order__shop__in=terminals)
    of_periods = Q(order=None, period__terminal__in=set().union(*terminals.values()))
    cases = MoneyCase.objects.filter(of_shops | of_periods, closed_at=None)
    rows: Iterable[tuple[Any, ...]] = cases.values_list(
        *("pk", "opened_at", "order__shop", "invoice__receipts__issued_at"),
        *("period", "period__terminal", "period__day", "period__marking_started_at"),
    )
    found: defaultdict[ShopDay, set[int]] = defaultdict(set)
    for pk, opened_at, shop_id, issued_at, period, terminal, period_day, marked_at in rows:
        if shop_id is None:
            for shop, days in days_of.items():
                for day in days if terminal in terminals[shop.pk] else ():
                    # A period that SEQR has not closed will contain the day before its own, too.
                    may_contain = marked_at is None and 0 <= (period_day - day).days <= 1
                    if may_contain or period in reports.periods_of(shop.pk, day):
                        found[shop.pk, day].add(pk)
        else:
            found[shop_id, day_of(opened_at)].add(pk)
            if issued_at is not None:
                found[shop_id, day_of(issued_at)].add(pk)
    return found
