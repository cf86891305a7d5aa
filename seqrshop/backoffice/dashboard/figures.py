"""Reads the figures of the dashboard from the sums that are kept by day and hour.

Each function is one statement, and returns at most as many rows as a page shows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    F,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import ExtractHour, TruncDay, TruncMonth, TruncWeek

from payments.models import (
    ORDER_COUNTS,
    ActivityCursor,
    CallsDay,
    OrdersDay,
    OrdersHour,
    ReceiptKind,
    TakingsDay,
    TakingsGoodsMonth,
    TakingsHour,
    TakingsVat,
    TimesDay,
    TimesMonth,
)
from payments.receipts.content import STOCKHOLM
from seqrshop.backoffice.dashboard.periods import Grain, Period

MAX_RANKED = 15
"""The shops, categories and products that a page names; the rest is one sum."""
_NOTHING = Decimal(0)
_TRUNCATED = {Grain.DAY: TruncDay, Grain.WEEK: TruncWeek, Grain.MONTH: TruncMonth}


@dataclass
class Amounts:
    """Goods of one currency, in major units, less what was credited of them."""

    net: Decimal = _NOTHING
    gross: Decimal = _NOTHING

    def add(self, net: Decimal, gross: Decimal) -> None:
        """Add amounts."""
        self.net += net
        self.gross += gross


@dataclass
class Totals(Amounts):
    """The sums of a whole period. `sales` are before refunds and reversals, which are below 0."""

    sales: Decimal = _NOTHING
    refunds: Decimal = _NOTHING
    reversals: Decimal = _NOTHING
    tips: Decimal = _NOTHING
    payments: int = 0
    refunds_count: int = 0
    reversals_count: int = 0

    @property
    def basket(self) -> Decimal | None:
        """The average payment for goods, without tips, before refunds; None without any."""
        return round(self.sales / self.payments, 2) if self.payments else None


@dataclass
class Compared:
    """The same sum of a period, and of the one before."""

    now: Any
    before: Any


@dataclass(frozen=True)
class Ranked:
    """A shop, a category or a product, and its share of the takings."""

    name: str
    amounts: Amounts
    before: Decimal | None = None
    units: int | None = None


def _in(period: Period, shop_ids: Sequence[int], path: str = "") -> Q:
    """Select the rows of the shops in a period and in the one before."""
    return Q(
        **{
            f"{path}shop__in": shop_ids,
            f"{path}day__gte": period.before.first,
            f"{path}day__lte": period.last,
        }
    )


def _is_now(period: Period, field: str = "day") -> Case:
    now = When(**{f"{field}__gte": period.first}, then=Value(True))
    return Case(now, default=Value(False), output_field=BooleanField())


def totals(period: Period, shop_ids: Sequence[int]) -> dict[str, Compared]:
    """Return the totals by currency, the one with the most payments first. Two statements."""
    found: defaultdict[str, Compared] = defaultdict(lambda: Compared(Totals(), Totals()))
    days = TakingsDay.objects.filter(_in(period, shop_ids))
    counts = days.values("currency", is_now=_is_now(period)).annotate(
        payments_sum=Sum("payments"),
        refunds_sum=Sum("refunds"),
        reversals_sum=Sum("reversals"),
        tips_sum=Sum(F("tips") + F("tips_refunded")),
    )
    for row in counts.order_by("-payments_sum", "currency"):
        of = _of(found[row["currency"]], is_now=row["is_now"])
        of.payments, of.tips = row["payments_sum"], row["tips_sum"]
        of.refunds_count, of.reversals_count = row["refunds_sum"], row["reversals_sum"]
    for currency, kind, is_now, net, gross in _goods(period, shop_ids, "currency, kind, is_now"):
        of = _of(found[currency], is_now=is_now)
        of.add(net, gross)
        name = _TOTAL_OF[kind]
        setattr(of, name, getattr(of, name) + gross)
    return dict(found)


_TOTAL_OF = {
    ReceiptKind.PAYMENT.value: "sales",
    ReceiptKind.REFUND.value: "refunds",
    ReceiptKind.REVERSAL.value: "reversals",
}


def _of(compared: Compared, *, is_now: bool) -> Any:
    return compared.now if is_now else compared.before


# Whole months are read from the sums by month, and the days before and after them by day.
_GOODS = """
    WITH lines AS (
        SELECT shop_id, currency, kind, day >= %(first)s AS is_now, net, net + vat AS gross
        FROM payments_takingsday JOIN payments_takingsvat ON takings_id = payments_takingsday.id
        WHERE shop_id = ANY(%(shops)s) AND day BETWEEN %(first_before)s AND %(last)s
            AND (day < %(month)s OR day >= %(end)s)
            AND (day < %(month_before)s OR day >= %(end_before)s)
        UNION ALL
        SELECT shop_id, currency, kind, month >= %(first)s, net, net + vat
        FROM payments_takingsgoodsmonth
        WHERE shop_id = ANY(%(shops)s) AND (
            month >= %(month)s AND month < %(end)s
            OR month >= %(month_before)s AND month < %(end_before)s
        )
    )
"""


def _goods(period: Period, shop_ids: Sequence[int], columns: str) -> list[Any]:
    """Return the sums, net and gross, of a period and of the one before, grouped by columns."""
    months, months_before = period.whole_months, period.before.whole_months
    values: dict[str, Any] = {
        "shops": list(shop_ids),
        "first_before": period.before.first,
        "first": period.first,
        "last": period.last,
        "month": months[0],
        "end": months[1],
        "month_before": months_before[0],
        "end_before": months_before[1],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_GOODS} SELECT {columns}, sum(net), sum(gross) FROM lines GROUP BY {columns}",  # noqa: S608
            values,
        )
        found: list[Any] = cursor.fetchall()
    return found


def takings_by_bucket(
    period: Period, shop_ids: Sequence[int], currency: str
) -> dict[tuple[bool, Any], Amounts]:
    """Return the takings of each bar, by whether it is of the period itself and its key."""
    rows: QuerySet[Any]
    net: Any
    if period.grain == Grain.HOUR:
        hours = TakingsHour.objects.filter(_in(period, shop_ids), currency=currency)
        rows = hours.annotate(is_now=_is_now(period), key=F("hour"))
        net, gross = F("sales_net") + F("refunds_net"), F("sales_gross") + F("refunds_gross")
    elif period.grain == Grain.MONTH:
        months = TakingsGoodsMonth.objects.filter(
            shop__in=shop_ids,
            month__gte=period.before.first,
            month__lte=period.last,
            currency=currency,
        )
        rows = months.annotate(is_now=_is_now(period, "month"), key=F("month"))
        net, gross = F("net"), F("net") + F("vat")
    else:
        lines = TakingsVat.objects.filter(
            _in(period, shop_ids, "takings__"), takings__currency=currency
        )
        rows = lines.annotate(
            is_now=_is_now(period, "takings__day"), key=_TRUNCATED[period.grain]("takings__day")
        )
        net, gross = F("net"), F("net") + F("vat")
    sums = rows.values("is_now", "key").annotate(net_sum=Sum(net), gross_sum=Sum(gross))
    return {(row["is_now"], row["key"]): Amounts(row["net_sum"], row["gross_sum"]) for row in sums}


def orders_by_bucket(
    period: Period, shop_ids: Sequence[int]
) -> dict[tuple[bool, Any], dict[str, int]]:
    """Return the counts of orders of each bar, as `takings_by_bucket` does."""
    sums = {f"{name}_sum": Sum(name) for name in ORDER_COUNTS}
    rows: Any
    if period.grain == Grain.HOUR:
        hours = OrdersHour.objects.filter(_in(period, shop_ids))
        rows = hours.annotate(key=ExtractHour("started_at", tzinfo=STOCKHOLM))
    else:
        days = OrdersDay.objects.filter(_in(period, shop_ids))
        rows = days.annotate(key=_TRUNCATED[period.grain]("day"))
    rows = rows.values("key", is_now=_is_now(period)).annotate(**sums)
    return {
        (row["is_now"], row["key"]): {name: row[f"{name}_sum"] for name in ORDER_COUNTS}
        for row in rows
    }


def by_shop(period: Period, shops: dict[int, str], currency: str) -> list[Ranked]:
    """Return the shops with the highest takings, each with those of the period before."""
    found: defaultdict[int, Compared] = defaultdict(lambda: Compared(Amounts(), Amounts()))
    for shop_id, of_currency, is_now, net, gross in _goods(
        period, list(shops), "shop_id, currency, is_now"
    ):
        if of_currency == currency:
            _of(found[shop_id], is_now=is_now).add(net, gross)
    ranked = sorted(found.items(), key=lambda each: (-each[1].now.gross, each[0]))
    return [
        Ranked(shops[shop_id], sums.now, sums.before.gross) for shop_id, sums in ranked[:MAX_RANKED]
    ]


# Menus that were copied have the same names in several shops.
_SOLD = f"""
    WITH parts AS (
        SELECT product_id, units, net, gross FROM payments_takingsproduct
        WHERE shop_id = ANY(%(shops)s) AND currency = %(currency)s
            AND day BETWEEN %(first)s AND %(last)s AND (day < %(month)s OR day >= %(end)s)
        UNION ALL
        SELECT product_id, units, net, gross FROM payments_takingsproductmonth
        WHERE shop_id = ANY(%(shops)s) AND currency = %(currency)s
            AND month >= %(month)s AND month < %(end)s
    ), sold AS (
        SELECT product_id, sum(units) AS units, sum(net) AS net, sum(gross) AS gross
        FROM parts GROUP BY product_id
    ), products AS (
        SELECT product.name_sv, product.name_en, sum(units), sum(net), sum(gross) AS gross
        FROM sold JOIN orders_product product ON product.id = sold.product_id
        GROUP BY 1, 2 ORDER BY gross DESC, 1, 2 LIMIT {MAX_RANKED}
    ), categories AS (
        SELECT category.name_sv, category.name_en, sum(units), sum(net), sum(gross) AS gross
        FROM sold JOIN orders_product product ON product.id = sold.product_id
            LEFT JOIN orders_category category ON category.id = product.category_id
        GROUP BY 1, 2 ORDER BY gross DESC, 1, 2 LIMIT {MAX_RANKED}
    )
    SELECT true AS is_product, * FROM products UNION ALL SELECT false, * FROM categories
    ORDER BY is_product, gross DESC, name_sv, name_en
"""  # noqa: S608 - a number of our own


def by_product_and_category(
    period: Period, shop_ids: Sequence[int], currency: str, language: str
) -> tuple[list[Ranked], list[Ranked]]:
    """Return the products and the categories with the highest takings, in one statement.

    Products of the same name are one; those without a category have the name "".
    """
    month, end = period.whole_months
    values: dict[str, Any] = {
        "shops": list(shop_ids),
        "currency": currency,
        "first": period.first,
        "last": period.last,
        "month": month,
        "end": end,
    }
    ranked: dict[bool, list[Ranked]] = {True: [], False: []}
    with connection.cursor() as cursor:
        cursor.execute(_SOLD, values)
        for is_product, name_sv, name_en, units, net, gross in cursor.fetchall():
            name = (name_sv if language == "sv" else name_en) or ""
            ranked[is_product].append(Ranked(name, Amounts(net, gross), units=units))
    return ranked[True], ranked[False]


@dataclass
class Calls:
    """The calls of one of SEQR's operations, and the histogram of its answer times."""

    calls: int = 0
    refused: int = 0
    unanswered: int = 0
    times: dict[int, int] = field(default_factory=dict)


def histograms(period: Period, shop_ids: Sequence[int]) -> dict[str, Counter[int]]:
    """Return the histogram of each measure and of each of SEQR's operations. Two statements.

    Whole months are read from the sums by month: years have very many buckets by day.
    """
    first, end = period.whole_months
    of_shops = Q(shop_id__in=shop_ids, count__gt=0)
    of_days = TimesDay.objects.filter(
        of_shops,
        Q(day__lt=first) | Q(day__gte=end),
        day__gte=period.first,
        day__lte=period.last,
    )
    of_months = TimesMonth.objects.filter(of_shops, month__gte=first, month__lt=end)
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for times in (of_days, of_months):
        rows = times.values_list("measure", "bucket").annotate(Sum("count"))
        for measure, bucket, count in rows:
            found[measure][bucket] += count
    return found


def calls(period: Period, shop_ids: Sequence[int]) -> dict[str, Calls]:
    """Return the calls by operation, the most frequent first, without their times."""
    rows = (
        CallsDay.objects.filter(shop_id__in=shop_ids, day__gte=period.first, day__lte=period.last)
        .values("operation")
        .annotate(all=Sum("calls"), refused_sum=Sum("refused"), silent=Sum("unanswered"))
        .order_by("-all", "operation")
    )
    return {row["operation"]: Calls(row["all"], row["refused_sum"], row["silent"]) for row in rows}


def counted_until() -> datetime | None:
    """Return the time up to which orders and calls are counted; None before the first event."""
    until: datetime | None = ActivityCursor.objects.aggregate(until=Min("until"))["until"]
    return until
