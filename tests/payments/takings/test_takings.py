"""The takings are what the receipts add up to, whatever happens in which order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments.models import (
    Receipt,
    ReceiptKind,
    TakingsDay,
    TakingsGoodsMonth,
    TakingsHour,
    TakingsProduct,
    TakingsProductMonth,
    TakingsVat,
    TimesDay,
)
from payments.receipts.content import STOCKHOLM, VatLine
from payments.receipts.document import content_of, is_shown, stored_receipt
from payments.takings import update
from payments.takings.days import DayTakings, takings_of_days
from payments.takings.histogram import bucket_of
from payments.takings.update import update_takings
from tests.factories import (
    InvoiceFactory,
    OrderFactory,
    OrderRowFactory,
    ReceiptFactory,
    TipRowFactory,
)
from tests.payments.takings.histories import History

D = Decimal
pytestmark = pytest.mark.django_db
Key = tuple[int, date, str]
YEAR = (date(2026, 1, 1), date(2027, 12, 31))


def key_of(receipt: Receipt) -> Key:
    """Return the shop, day and currency to which a receipt belongs."""
    day = receipt.issued_at.astimezone(STOCKHOLM).date()
    return receipt.invoice.shop_id, day, receipt.currency


def by_rate(lines: Iterable[VatLine]) -> dict[Decimal, tuple[Decimal, Decimal]]:
    """Return net and VAT by rate, without rates that add up to nothing."""
    sums: dict[Decimal, tuple[Decimal, Decimal]] = defaultdict(lambda: (D(0), D(0)))
    for line in lines:
        net, vat = sums[line.rate]
        sums[line.rate] = (net + line.net, vat + line.vat)
    return {rate: both for rate, both in sums.items() if any(both)}


def lines_with_tips(day: DayTakings) -> dict[str, dict[Decimal, tuple[Decimal, Decimal]]]:
    """Return a day's payments and credits by rate, the tips among what has no VAT."""
    tip, refunded = (
        VatLine(D(0), amount, D(0), amount) for amount in (day.tips, day.tips_refunded)
    )
    return {
        "payments": by_rate([*day.sales, tip]),
        "credits": by_rate([*day.refunds, *day.reversals, refunded]),
    }


def lines_of_receipts(receipts: list[Receipt]) -> dict[str, dict[Decimal, Any]]:
    """Return what the receipts themselves say, of payments and credits."""
    lines: dict[str, list[VatLine]] = {"payments": [], "credits": []}
    for each in receipts:
        kind = "payments" if each.kind == ReceiptKind.PAYMENT else "credits"
        lines[kind] += content_of(stored_receipt(each.pk)).vat_lines
    return {kind: by_rate(of_kind) for kind, of_kind in lines.items()}


def sums(model: Any, *columns: str) -> dict[Key, tuple[Decimal, ...]]:
    """Return the sums of a table's columns by shop, day and currency."""
    rows = model.objects.values("shop", "day", "currency").order_by()
    annotated = rows.annotate(**{f"{name}_sum": Sum(name) for name in columns})
    return {
        (row["shop"], row["day"], row["currency"]): tuple(row[f"{name}_sum"] for name in columns)
        for row in annotated
    }


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_takings_equal_the_receipts_after_any_history(data: st.DataObject, clerk: User) -> None:
    history = History(data, clerk)
    with patch.object(update, "BATCH_SIZE", 3):
        for _ in range(data.draw(st.integers(1, 12))):
            history.go_on()
            if data.draw(st.integers(0, 3)) == 0:
                update_takings(data.draw(st.sampled_from([1, None])))
        days = takings_of_days([shop.pk for shop in history.shops], *YEAR)

    ours = Receipt.objects.filter(invoice__shop__in=history.shops).select_related("invoice__order")
    receipts: dict[Key, list[Receipt]] = defaultdict(list)
    for receipt in ours:
        receipts[key_of(receipt)].append(receipt)
    assert [(day.day, day.shop_id, day.currency) for day in days] == sorted(
        (day, shop, currency) for shop, day, currency in receipts
    )
    hours, products = (
        sums(TakingsHour, "payments", *HOUR_COLUMNS),
        sums(TakingsProduct, "gross", "net"),
    )
    for day in days:
        key = (day.shop_id, day.day, day.currency)
        of_day = receipts[key]
        paid = [each for each in of_day if each.kind == ReceiptKind.PAYMENT]
        credited = [each for each in of_day if each.kind != ReceiptKind.PAYMENT]
        numbers = [each.number or 0 for each in of_day]
        assert (day.payments, day.credits) == (len(paid), len(credited))
        assert (day.first_number, day.last_number) == (min(numbers), max(numbers))
        assert day.total == sum(each.amount for each in paid) - sum(
            each.amount for each in credited
        )
        assert (day.net + day.vat, day.gross) == (day.gross, sum(x.gross for x in day.lines))
        payments, *amounts = hours[key]
        assert payments == len(paid)
        credited_lines = (*day.refunds, *day.reversals)
        assert amounts == [
            sum(line.net for line in day.sales),
            sum(line.gross for line in day.sales),
            sum(line.net for line in credited_lines),
            sum(line.gross for line in credited_lines),
        ]
        assert products[key] == (day.gross, day.net)
        if all(is_shown(each.credited or each) for each in of_day):
            assert lines_with_tips(day) == lines_of_receipts(of_day)
    months: defaultdict[Any, Any] = defaultdict(int)
    for product in TakingsProduct.objects.all():
        key_of_month = (product.shop_id, product.day.replace(day=1), product.currency)
        for name in ("units", "net", "gross"):
            months[(*key_of_month, product.product_id, name)] += getattr(product, name)
    assert {
        (row.shop_id, row.month, row.currency, row.product_id, name): getattr(row, name)
        for row in TakingsProductMonth.objects.all()
        for name in ("units", "net", "gross")
    } == months
    goods: defaultdict[Any, Any] = defaultdict(int)
    for line in TakingsVat.objects.select_related("takings"):
        of = line.takings
        key_of_kind = (of.shop_id, of.day.replace(day=1), of.currency, line.kind)
        goods[(*key_of_kind, "net")] += line.net
        goods[(*key_of_kind, "vat")] += line.vat
    assert {
        (row.shop_id, row.month, row.currency, row.kind, name): getattr(row, name)
        for row in TakingsGoodsMonth.objects.all()
        for name in ("net", "vat")
    } == goods
    recorded = TimesDay.objects.filter(shop_id__in=[shop.pk for shop in history.shops])
    assert {(row.shop_id, row.day, row.bucket): row.count for row in recorded} == Counter(
        (*key_of(each)[:2], bucket_of(max(delay, 0)))
        for each in ours
        if (delay := delay_ms(each)) is not None
    )


def delay_ms(receipt: Receipt) -> float | None:
    """Return the time from a payment, by SEQR's clock, to its receipt; None without one."""
    paid_at_seqr = receipt.invoice.paid_at_seqr
    if receipt.kind != ReceiptKind.PAYMENT or paid_at_seqr is None:
        return None
    return (receipt.issued_at - paid_at_seqr).total_seconds() * 1000


HOUR_COLUMNS = ("sales_net", "sales_gross", "refunds_net", "refunds_gross")


def test_receipt_of_a_night_belongs_to_the_day_and_hour_of_stockholm() -> None:
    """The clock is set back at 03:00 on 25 October: the hour from 02:00 is there twice."""
    for hour in (21, 22, 0, 1):
        issued_at = datetime(2026, 10, 25 if hour < 12 else 24, hour, 30, tzinfo=UTC)
        invoice = InvoiceFactory.create(paid=True, receipt=False)
        OrderRowFactory.create(order=invoice.order)
        ReceiptFactory.create(invoice=invoice, issued_at=issued_at)

    update_takings()

    hours = TakingsHour.objects.values_list("day", "hour").annotate(Sum("payments"))
    assert sorted(hours) == [
        (date(2026, 10, 24), 23, 1),
        (date(2026, 10, 25), 0, 1),
        (date(2026, 10, 25), 2, 2),
    ]


def test_tip_is_not_among_the_goods_without_vat() -> None:
    order = OrderFactory.create(total="50.00", state="paid")
    OrderRowFactory.create(order=order, product__vat_rate=D(0))
    TipRowFactory.create(order=order)
    InvoiceFactory.create(order=order, paid=True)

    [day] = takings_of_days([order.shop_id], *YEAR)

    assert day.sales == (VatLine(D(0), D("45.00"), D(0), D("45.00")),)
    assert (day.tips, day.gross, day.total) == (D("5.00"), D("45.00"), D("50.00"))


def test_other_shops_and_days_are_left_out() -> None:
    invoice = InvoiceFactory.create(paid=True)
    OrderRowFactory.create(order=invoice.order)
    today = Receipt.objects.get().issued_at.astimezone(STOCKHOLM).date()

    assert takings_of_days([invoice.shop_id + 1], today, today) == []
    assert takings_of_days([invoice.shop_id], date(2020, 1, 1), date(2020, 1, 2)) == []
    assert len(takings_of_days([invoice.shop_id], today, today)) == 1
    assert TakingsDay.objects.count() == 1
