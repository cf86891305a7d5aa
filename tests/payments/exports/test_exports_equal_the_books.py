"""Each export of a period adds up to the receipts of that period, to the öre."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import Shop
from payments.exports import export, table
from payments.exports.account_plans import AccountPlanHole, plan_of
from payments.exports.export import sie_content
from payments.exports.problem import ExportProblem
from payments.exports.record import RowCount
from payments.models import ExportedContent, FileFormat, Receipt, ReceiptKind
from payments.receipts.content import STOCKHOLM
from tests.factories import InvoiceFactory, OrderRowFactory, ReceiptFactory
from tests.payments.exports.files import csv_rows, excel_rows, selection
from tests.payments.takings.histories import History
from tests.sie_reader import ReadFile, read_sie

D = Decimal
C = ExportedContent
pytestmark = pytest.mark.django_db
PERIOD = (date(2026, 3, 1), date(2026, 12, 31))


@pytest.fixture(autouse=True)
def _new_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the histories, which end in the night to 2027, after they are over."""
    monkeypatch.setattr(export, "today", lambda: date(2027, 6, 1))


def books(receipts: Iterable[Receipt]) -> dict[str, Decimal]:
    """Return what SEQR owes by the receipts of the period, by currency."""
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for receipt in receipts:
        if PERIOD[0] <= receipt.issued_at.astimezone(STOCKHOLM).date() <= PERIOD[1]:
            sign = 1 if receipt.kind == ReceiptKind.PAYMENT else -1
            owed[receipt.currency] += sign * receipt.amount
    return dict(owed)


def gross(rows: Iterable[dict[str, str]]) -> dict[str, Decimal]:
    """Return the sums of the gross amounts by currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        assert D(row["net"]) + D(row["vat"]) == D(row["gross"])
        sums[row["currency"]] += D(row["gross"])
    return dict(sums)


def vat_of(rows: Iterable[dict[str, str]]) -> dict[tuple[str, ...], Decimal]:
    """Return the VAT of a table by shop, currency and rate, where there is any."""
    sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["shop"], row["currency"], row["vat_rate"]] += D(row["vat"])
    return {key: vat for key, vat in sums.items() if vat}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_receipts_vat_and_sie_equal_the_books_after_any_history(
    data: st.DataObject, clerk: User
) -> None:
    history = History(data, clerk)
    for _ in range(data.draw(st.integers(1, 12))):
        history.go_on()
    ours = list(Receipt.objects.filter(invoice__shop__in=history.shops))

    receipts = csv_rows(selection(C.RECEIPTS, history.shops, PERIOD))
    vat = csv_rows(selection(C.VAT, history.shops, PERIOD))

    expected = books(ours)
    assert gross(receipts) == expected
    assert gross(vat) == expected
    assert vat_of(receipts) == vat_of(vat)
    for shop in history.shops:
        of_shop = [row for row in vat if row["shop"] == shop.name]
        for day in sorted({row["day"] for row in of_shop}):
            check_sie(shop, date.fromisoformat(day), [row for row in of_shop if row["day"] == day])


def check_sie(shop: Shop, day: date, vat: list[dict[str, str]]) -> None:
    """Compare the vouchers of a shop and a day with the VAT of that day."""
    chosen = selection(C.SIE, [shop], (day, day))
    currencies = {row["currency"] for row in vat}
    if len(currencies) > 1:
        with pytest.raises(ExportProblem, match="EUR, SEK"):
            sie_content(chosen, RowCount())
        return
    read = read_sie(sie_content(chosen, RowCount()))
    assert {read.fields["#VALUTA"][0]} == currencies
    assert read.balance_of("1580") == sum(D(row["gross"]) for row in vat)
    assert read.balance_of("2890") == -sum(D(row["gross"]) for row in vat if row["what"] == "tip")
    for rate, account in (("25.00", "2611"), ("12.00", "2621"), ("6.00", "2631")):
        of_rate = sum(D(row["vat"]) for row in vat if row["vat_rate"] == rate)
        assert read.balance_of(account) == -of_rate
    assert read.balance_of("3740") == 0


def sold_at(rate: str, amount: str = "112.00", currency: str = "SEK") -> Receipt:
    """Return the receipt of one product, on the last day of October."""
    invoice = InvoiceFactory.create(
        paid=True, receipt=False, order__total=D(amount), order__currency=currency
    )
    OrderRowFactory.create(order=invoice.order, product__price=D(amount), product__vat_rate=D(rate))
    at = datetime(2026, 10, 31, 12, tzinfo=UTC)
    receipt: Receipt = ReceiptFactory.create(invoice=invoice, issued_at=at)
    return receipt


def sie_of(*receipts: Receipt) -> ReadFile:
    """Return the SIE file of the shops of these receipts, of the year 2026."""
    shops = [receipt.invoice.shop for receipt in receipts]
    return read_sie(sie_content(selection(C.SIE, shops), RowCount()))


def test_sie_file_has_a_voucher_for_each_shop_and_day_of_the_seller() -> None:
    first, second = sold_at("12"), sold_at("25")

    read = sie_of(first, second)

    assert read.fields["#FNAMN"] == ["Lyktan Kafé AB"]
    assert read.years == {0: (date(2026, 1, 1), date(2026, 12, 31))}
    assert [voucher.day for voucher in read.vouchers] == [date(2026, 10, 31)] * 2
    assert read.vouchers[0].text == f"{first.invoice.shop.name}, kvitto 1-1"
    assert [(line.account, line.amount) for line in read.vouchers[0].transactions] == [
        ("1580", D("112.00")),
        ("3002", D("-100.00")),
        ("2621", D("-12.00")),
    ]


def test_accounts_of_the_plan_are_used() -> None:
    receipt = sold_at("12")
    plan = plan_of(receipt.seller)
    plan.receivable_account, plan.series, plan.first_month = "1689", "K", 5
    plan.save()
    plan.rates.filter(vat_rate=12).update(sales_account="3052")

    read = sie_of(receipt)

    assert read.years[0] == (date(2026, 5, 1), date(2027, 4, 30))
    assert (read.vouchers[0].series, read.balance_of("1689")) == ("K", D("112.00"))
    assert read.balance_of("3052") == D("-100.00")


def test_plan_with_a_hole_is_refused_at_export_and_nothing_is_written(tmp_path: Path) -> None:
    receipt = sold_at("12")
    plan_of(receipt.seller).rates.filter(vat_rate=12).delete()
    chosen = selection(C.SIE, [receipt.invoice.shop])

    with pytest.raises(AccountPlanHole, match=r"no accounts for goods at 12.% VAT"):
        sie_content(chosen, RowCount())
    with pytest.raises(AccountPlanHole):
        export.write_file(chosen, tmp_path / "takings.si", RowCount())


def test_sie_file_of_two_currencies_is_refused() -> None:
    with pytest.raises(ExportProblem, match="takings in EUR, SEK"):
        sie_of(sold_at("12"), sold_at("12", currency="EUR"))


def test_sie_file_of_two_sellers_is_refused() -> None:
    other = sold_at("12")
    other.invoice.shop.seller = type(other.seller).objects.create(
        legal_name="Bageriet AB", organisation_number="556000-0001", reseller_id="bageriet"
    )
    other.invoice.shop.save()

    with pytest.raises(ExportProblem, match="of one seller"):
        sie_of(sold_at("12"), other)


def test_sie_file_of_a_seller_without_a_name_is_refused() -> None:
    receipt = sold_at("12")
    type(receipt.seller).objects.update(legal_name="")

    with pytest.raises(ExportProblem, match="legal name"):
        sie_of(receipt)


@pytest.mark.parametrize(
    ("content", "days", "sentence"),
    [
        (C.ORDERS, (date(2026, 2, 2), date(2026, 2, 1)), "before the first"),
        (C.SIE, (date(2026, 1, 1), date(2027, 6, 1)), "a year at most"),
        (C.SIE, (date(2027, 6, 1), date(2027, 6, 1)), "days that are over"),
        (C.VAT, (date(2025, 1, 1), date(2026, 1, 2)), "a year at most"),
    ],
)
def test_period_that_cannot_be_exported_is_refused(
    content: ExportedContent, days: tuple[date, date], sentence: str
) -> None:
    receipt = sold_at("12")

    with pytest.raises(ExportProblem, match=sentence):
        export.parts_of(selection(content, [receipt.invoice.shop], days), RowCount())


def test_takings_that_differ_from_the_receipts_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receipt = sold_at("12")
    key = (receipt.invoice.shop_id, date(2026, 10, 31), "SEK")

    monkeypatch.setattr(export, "_owed_of_days", lambda _chosen: {key: D("113.00")})
    with pytest.raises(ExportProblem, match=r"differ from the receipts by 1\.00"):
        sie_of(receipt)
    monkeypatch.setattr(export, "_owed_of_days", lambda _chosen: {key: D("112.40")})
    assert sie_of(receipt).balance_of("3740") == D("-0.40")


def test_excel_file_has_the_same_numbers_and_times(tmp_path: Path) -> None:
    receipt = sold_at("12")
    chosen = selection(C.RECEIPTS, [receipt.invoice.shop])
    excel = selection(C.RECEIPTS, [receipt.invoice.shop], file_format=FileFormat.EXCEL)

    [text], [cells] = csv_rows(chosen), excel_rows(excel, tmp_path / "receipts.xlsx")

    assert (text["issued_at"], cells["issued_at"]) == (
        "2026-10-31 13:00:00",
        datetime(2026, 10, 31, 13),  # noqa: DTZ001 - of Stockholm's clock, as Excel has it
    )
    assert (text["gross"], cells["gross"]) == ("112.00", 112)
    assert (text["order"], cells["order"]) == (receipt.invoice.order.number,) * 2


def test_large_table_is_read_in_batches_and_each_row_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table, "READ_BATCH_SIZE", 2)
    receipts = [sold_at("12"), sold_at("25"), sold_at("6"), sold_at("0"), sold_at("12")]
    shops = [receipt.invoice.shop for receipt in receipts]

    rows = csv_rows(selection(C.RECEIPTS, shops))

    assert [row["receipt"] for row in rows] == ["1", "2", "3", "4", "5"]


def test_each_part_of_a_file_reads_its_own_batch_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "READ_BATCH_SIZE", 2)
    shops = [sold_at("12").invoice.shop for _ in range(5)]
    parts = export.parts_of(
        selection(C.ORDERS, shops, (date(2020, 1, 1), date(2035, 1, 1))), RowCount()
    )

    with CaptureQueriesContext(connection) as queries:
        head = next(parts)
    assert (head.count(b"\n"), len(queries)) == (1, 0)
    with CaptureQueriesContext(connection) as queries:
        first = next(parts)
    assert first.count(b"\n") == 2
    assert sum("orders_order" in each["sql"] for each in queries) == 2  # orders, and their tips
