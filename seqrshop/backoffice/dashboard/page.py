"""The view of the dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from orders.languages import current_language
from orders.models import Shop
from orders.query_plans import planned_for_its_values
from payments.models import NO_SHOP, ORDER_COUNTS, Measure
from payments.takings.histogram import percentile
from seqrshop.backoffice.dashboard import figures
from seqrshop.backoffice.dashboard.charts import Bar, BarChart, Number, bar_chart, share_of
from seqrshop.backoffice.dashboard.form import DashboardForm
from seqrshop.backoffice.dashboard.periods import Grain, Period
from seqrshop.backoffice.formatting import local_time
from seqrshop.backoffice.permissions import require_permission
from seqrshop.backoffice.shop_scope import has_all_shops

PERMISSION = "payments.view_invoice"
Times = Mapping[str, Mapping[int, int]]
"""The histogram of each measure and of each of SEQR's operations."""
_ORDER_COLOURS = ("chart-paid", "chart-abandoned", "chart-failed", "chart-open")


@dataclass(frozen=True)
class Card:
    """One figure, and what is said below it."""

    title: str
    value: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RankedRow:
    """A row of a ranking; `width` is its bar's, in per cent of the longest."""

    name: str
    cells: tuple[str, ...]
    width: str


@dataclass(frozen=True)
class Ranking:
    """A table of shops, categories or products with a bar in each row."""

    title: str
    heading: str
    columns: tuple[str, ...]
    rows: tuple[RankedRow, ...]


@dataclass(frozen=True)
class Table:
    """A table: its column names, and the cells of each row, of which the first is its name."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@require_safe
def dashboard_page(request: HttpRequest) -> HttpResponse:
    """Show the figures of a period, or what is wrong with the request for them."""
    require_permission(request, PERMISSION)
    form = DashboardForm(request)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Dashboard"),
        "form": form,
        "has_shops": bool(form.shops),
        "choices": list(_choices(form)),
    }
    status = 200 if form.is_valid() else 400
    if form.is_valid() and form.shops:
        shop_of_all = () if form.cleaned_data["shop"] or not has_all_shops(request) else (NO_SHOP,)
        with planned_for_its_values():
            context |= _figures(form.period, form.chosen_shops, form, shop_of_all)
    return TemplateResponse(request, "staff/dashboard.html", context, status=status)


def _choices(form: DashboardForm) -> Iterable[tuple[str, str, bool]]:
    """Yield the usual periods: their names, addresses, and whether one of them is shown."""
    names = {
        Grain.HOUR: _("Today by hour"),
        Grain.DAY: _("30 days"),
        Grain.WEEK: _("12 weeks"),
        Grain.MONTH: _("12 months"),
    }
    chosen = {name: form.data[name] for name in ("shop", "currency") if form.data[name]}
    is_usual = not form.data["first"] and not form.data["last"]
    for grain, name in names.items():
        query = urlencode({"by": grain.value, **chosen})
        is_shown = is_usual and form.data["by"] == grain
        yield name, f"{reverse('staff:dashboard')}?{query}", is_shown


def _figures(
    period: Period, shops: Sequence[Shop], form: DashboardForm, others: tuple[int, ...]
) -> dict[str, Any]:
    """Return what the page shows of a period."""
    names = {shop.pk: shop.name for shop in shops}
    ids = list(names)
    totals = figures.totals(period, ids)
    currencies = list(totals) or sorted({shop.currency for shop in shops})
    wanted = form.cleaned_data["currency"]
    currency = wanted or currencies[0]
    nothing = figures.Compared(figures.Totals(), figures.Totals())
    orders = figures.orders_by_bucket(period, ids)
    times = figures.histograms(period, [*ids, *others])
    times_before = figures.histograms(period.before, [*ids, *others])
    until = figures.counted_until()
    return {
        "period": period,
        "before": period.before,
        "currency": currency,
        "currencies": currencies if len(currencies) > 1 else [],
        "cards": _cards(totals.get(currency, nothing), orders, currency),
        "takings": _takings(period, ids, currency),
        "orders": _orders(period, orders),
        "rankings": _rankings(period, names, currency),
        "kitchen": _kitchen(times, times_before),
        "seqr": _seqr(times, times_before, figures.calls(period, [*ids, *others])),
        "counted_until": local_time(until) if until else "",
    }


def _cards(
    totals: figures.Compared, orders: dict[Any, dict[str, int]], currency: str
) -> list[Card]:
    now, before = totals.now, totals.before

    def amount(value: Decimal) -> str:
        return f"{_amount(value)}\N{NO-BREAK SPACE}{currency}"

    counts, counts_before = (
        {
            name: sum(of[name] for (now_, _key), of in orders.items() if now_ == is_now)
            for name in ORDER_COUNTS
        }
        for is_now in (True, False)
    )

    def order_card(title: str, name: str) -> Card:
        return Card(title, _number(counts[name]), (_earlier_value(_number(counts_before[name])),))

    basket = amount(now.basket) if now.basket is not None else "–"
    basket_before = amount(before.basket) if before.basket is not None else "–"
    return [
        Card(
            _("Takings"),
            amount(now.gross),
            (
                _("%(amount)s without VAT") % {"amount": amount(now.net)},
                _earlier_value(amount(before.gross)) + _change(now.gross, before.gross),
            ),
        ),
        order_card(_("Orders"), "placed"),
        order_card(_("Paid orders"), "paid"),
        Card(_("Average basket"), basket, (_earlier_value(basket_before),)),
        order_card(_("Abandoned"), "abandoned"),
        order_card(_("Failed"), "failed"),
        Card(
            _("Refunds"),
            amount(-now.refunds),
            (
                _("%(orders)s orders, %(refunds)s refunds")
                % {
                    "orders": _number(counts["refunded"]),
                    "refunds": _number(now.refunds_count),
                },
                _earlier_value(amount(-before.refunds)),
            ),
        ),
        Card(
            _("Reversed by SEQR"),
            amount(-now.reversals),
            (
                _("Payments: %(number)s") % {"number": _number(now.reversals_count)},
                _earlier_value(amount(-before.reversals)),
            ),
        ),
        Card(_("Tips"), amount(now.tips), (_earlier_value(amount(before.tips)),)),
    ]


def _earlier_value(value: str) -> str:
    return _("The period before: %(value)s") % {"value": value}


def _change(now: Decimal, before: Decimal) -> str:
    """Return by how many per cent a sum has changed: “ (+12 %)”."""
    if before <= 0:
        return ""
    percent = round(100 * (now - before) / before)
    return f" ({percent:+d}\N{NO-BREAK SPACE}%)".replace("-", "\N{MINUS SIGN}")


def _takings(period: Period, ids: list[int], currency: str) -> dict[str, Any]:
    found = figures.takings_by_bucket(period, ids, currency)
    nothing = figures.Amounts()
    rows, bars = [], []
    for bucket, earlier in zip(period.buckets(), _earlier(period), strict=True):
        now, before = found.get((True, bucket.key), nothing), found.get((False, earlier), nothing)
        bars.append(Bar(bucket.name, bucket.label, [now.gross], before.gross))
        rows.append((bucket.name, *(_amount(each) for each in (now.gross, now.net, before.gross))))
    columns = (str(period.grain.label), _("With VAT"), _("Without VAT"), _("Period before"))
    return _with_table(
        bar_chart(_("Takings with VAT"), _highest(bars, _whole), bars, ("chart-main",), _whole),
        columns,
        rows,
    )


def _earlier(period: Period) -> list[Any]:
    """Return the keys of the period before, one for each bar."""
    return [bucket.key for bucket in period.before.buckets()]


def _orders(period: Period, found: dict[Any, dict[str, int]]) -> dict[str, Any]:
    nothing = dict.fromkeys(ORDER_COUNTS, 0)
    rows, bars = [], []
    for bucket, earlier in zip(period.buckets(), _earlier(period), strict=True):
        now, before = found.get((True, bucket.key), nothing), found.get((False, earlier), nothing)
        ended = now["paid"] + now["abandoned"] + now["failed"]
        parts = [now["paid"], now["abandoned"], now["failed"], now["placed"] - ended]
        bars.append(Bar(bucket.name, bucket.label, parts, before["placed"]))
        numbers = (now["placed"], *parts, now["refunded"], before["placed"])
        rows.append((bucket.name, *(_number(each) for each in numbers)))
    columns = (
        str(period.grain.label),
        _("Orders"),
        _("Paid orders"),
        _("Abandoned"),
        _("Failed"),
        _("Still open"),
        _("Orders refunded"),
        _("Period before"),
    )
    return _with_table(
        bar_chart(_("Orders"), _highest(bars, _number), bars, _ORDER_COLOURS, _number),
        columns,
        rows,
    )


def _with_table(chart: BarChart, columns: tuple[str, ...], rows: list[Any]) -> dict[str, Any]:
    return {"chart": chart, "table": Table(chart.title, columns, tuple(rows))}


def _highest(bars: Sequence[Bar], shown: Callable[[Number], str]) -> str:
    """Return in one sentence which bar is the highest, for those who do not see the chart."""
    highest = max(bars, key=lambda bar: sum(bar.values), default=None)
    if highest is None or not sum(highest.values):
        return _("Nothing in this period.")
    return _("The highest: %(name)s, %(value)s.") % {
        "name": highest.name,
        "value": shown(sum(highest.values)),
    }


def _rankings(period: Period, shops: dict[int, str], currency: str) -> list[Ranking]:
    ids, language = list(shops), current_language()
    products, categories = figures.by_product_and_category(period, ids, currency, language)
    amounts = (_("With VAT"), _("Without VAT"))
    rankings = [
        Ranking(_("Categories"), _("Category"), (_("Units"), *amounts), _ranked(categories)),
        Ranking(_("Products"), _("Product"), (_("Units"), *amounts), _ranked(products)),
    ]
    if len(shops) > 1:
        found = figures.by_shop(period, shops, currency)
        columns = (*amounts, _("Period before"))
        rankings.insert(0, Ranking(_("Shops"), _("Shop"), columns, _ranked(found)))
    return rankings


def _ranked(found: Sequence[figures.Ranked]) -> tuple[RankedRow, ...]:
    highest = max((each.amounts.gross for each in found), default=Decimal(0))
    return tuple(
        RankedRow(
            each.name or _("Without a category"),
            (
                *(() if each.units is None else (_number(each.units),)),
                _amount(each.amounts.gross),
                _amount(each.amounts.net),
                *(() if each.before is None else (_amount(each.before),)),
            ),
            share_of(each.amounts.gross, highest),
        )
        for each in found
    )


def _kitchen(times: Times, times_before: Times) -> Table:
    """Return the times from the payment to the kitchen's steps."""
    names = {Measure.READY.value: _("Paid to ready"), Measure.SERVED.value: _("Paid to served")}
    rows = []
    for measure, name in names.items():
        _count, half_before, _most = _percentiles(times_before.get(measure, {}))
        rows.append((name, *_percentiles(times.get(measure, {})), half_before))
    columns = (
        "",
        _("Orders"),
        _("Half within"),
        _("9 of 10 within"),
        _("Period before: half within"),
    )
    return Table(_("Times in the kitchen"), columns, tuple(rows))


def _seqr(times: Times, times_before: Times, calls: dict[str, figures.Calls]) -> dict[str, Any]:
    """Return SEQR's answer times and errors, and the time until a payment is recorded."""
    recorded, recorded_before = (
        _percentiles(of_period.get(Measure.RECORDED.value, {}), 0.99)
        for of_period in (times, times_before)
    )
    rows = []
    for operation, of in calls.items():
        _count, half, most = _percentiles(times.get(operation, {}), 0.99)
        counts = (_number(each) for each in (of.calls, of.refused, of.unanswered))
        rows.append((operation, *counts, half, most))
    columns = (
        _("Operation"),
        _("Calls"),
        _("Refused"),
        _("Unanswered"),
        _("Half within"),
        _("99 of 100 within"),
    )
    count, half, most = recorded
    return {
        "table": Table(_("SEQR's answer times and errors"), columns, tuple(rows)),
        "recorded": Card(
            _("From payment to record"),
            half,
            (
                _("99 of 100 within %(time)s") % {"time": most},
                _("Payments: %(number)s") % {"number": count},
                _earlier_value(f"{recorded_before[1]} / {recorded_before[2]}"),
            ),
        ),
    }


def _percentiles(histogram: Mapping[int, int], most: float = 0.9) -> tuple[str, str, str]:
    return (
        _number(sum(histogram.values())),
        _duration(percentile(histogram, 0.5)),
        _duration(percentile(histogram, most)),
    )


def _duration(milliseconds: float | None) -> str:
    """Return a duration in a unit that people read: “120 ms”, “2.4 s”, “12 min”."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1000:
        return f"{round(milliseconds)}\N{NO-BREAK SPACE}ms"
    seconds = milliseconds / 1000
    if seconds < 100:
        return f"{_tenths(seconds)}\N{NO-BREAK SPACE}s"
    if seconds < 100 * 60:
        return f"{round(seconds / 60)}\N{NO-BREAK SPACE}min"
    return f"{_tenths(seconds / 3600)}\N{NO-BREAK SPACE}h"


def _tenths(value: float) -> str:
    return number_format(round(value, 1), 1)  # Django cuts what is too long


def _amount(value: Decimal) -> str:
    return number_format(value, 2, force_grouping=True)


def _whole(value: Number) -> str:
    return number_format(round(value), 0, force_grouping=True)


def _number(value: Number) -> str:
    return number_format(value, 0, force_grouping=True)
