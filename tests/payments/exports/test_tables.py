"""What the tables contain: columns, local times, states, no phone number and no formula."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings
from django.contrib.auth.models import User

from orders.models import Order
from payments.exports.csv_file import csv_parts
from payments.exports.excel_file import TooManyRows, write_excel
from payments.exports.receipt_tables import VAT_COLUMNS, _goods_and_tip
from payments.exports.selection import TABLES
from payments.models import CaseKind, ExportedContent, FileFormat, MoneyCase, Refund, RefundStatus
from payments.receipts.content import VatLine
from tests.factories import (
    InvoiceDiscountFactory,
    InvoiceFactory,
    OptionRowFactory,
    OrderFactory,
    OrderRowFactory,
    ShopFactory,
    TerminalFactory,
    TipRowFactory,
)
from tests.payments.exports.files import csv_rows, excel_rows, read_csv, read_excel, selection

C = ExportedContent
D = Decimal
ALL_DAYS = (date(2020, 1, 1), date(2035, 1, 1))
FORMULAS = ['=cmd|"/c calc"!A1', "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "ok;=1+1"]


def ordered_coffee() -> Order:
    """Return a paid order: two coffees with oat milk, a tip, a discount, eaten here."""
    order: Order = OrderFactory.create(
        total="120.00", state="paid", dining="eat_here", parameters={"TABLE": "4"}
    )
    coffee = OrderRowFactory.create(order=order, quantity=2, sku="KAF-01")
    OptionRowFactory.create(parent=coffee)
    TipRowFactory.create(order=order, unit_price=D("20.00"))
    invoice = InvoiceFactory.create(order=order, paid=True, amount=D("115.50"))
    InvoiceDiscountFactory.create(invoice=invoice)
    return order


@pytest.mark.django_db
def test_orders_and_rows_have_options_and_tip() -> None:
    order = ordered_coffee()

    [line] = csv_rows(selection(C.ORDERS, [order.shop], ALL_DAYS))
    rows = csv_rows(selection(C.ROWS, [order.shop], ALL_DAYS))

    assert line["ordered_at"] != ""
    line.pop("ordered_at")
    assert line == {
        "order": order.number,
        "shop": order.shop.name,
        "table": "4",
        "state": "paid",
        "dining": "eat_here",
        "preparing_at": "",
        "ready_at": "",
        "served_at": "",
        "total": "120.00",
        "tip": "20.00",
        "currency": "SEK",
    }
    assert [(row["kind"], row["sku"], row["quantity"], row["total"]) for row in rows] == [
        ("product", "KAF-01", "2", "90.00"),
        ("option", "", "2", "10.00"),
        ("tip", "", "1", "20.00"),
    ]
    assert rows[1]["parent_row"] == rows[0]["row"]


@pytest.mark.django_db
def test_payments_refunds_and_cases_name_their_order(clerk: User) -> None:
    order = ordered_coffee()
    invoice = order.invoices.get()
    refund = Refund.objects.create(
        invoice=invoice,
        status=RefundStatus.REFUNDED,
        amount=D("5.00"),
        currency="SEK",
        reason="=cold",
        requested_by=clerk,
        ers_reference="R1",
        refunded_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC),
    )
    MoneyCase.objects.create(
        kind=CaseKind.AMOUNT_DIFFERS, key="1", order=order, invoice=invoice, summary="odd"
    )

    [payment] = csv_rows(selection(C.PAYMENTS, [order.shop], ALL_DAYS))
    [refunded] = csv_rows(selection(C.REFUNDS, [order.shop], (date(2026, 7, 2),) * 2))
    [case] = csv_rows(selection(C.CASES, [order.shop], ALL_DAYS))

    assert (payment["payment"], payment["order"]) == (invoice.client_invoice_id, order.number)
    assert (payment["amount"], payment["discount"]) == ("115.50", "-4.50")
    assert payment["payment_reference"] == invoice.ers_reference
    assert refunded["refund"] == str(refund.pk)
    assert (refunded["refunded_at"], refunded["reason"]) == ("2026-07-02 00:30:00", "'=cold")
    assert (refunded["requested_by"], refunded["amount"]) == ("clerk", "5.00")
    assert (case["kind"], case["order"], case["closed_at"]) == (
        "amount_differs",
        order.number,
        "",
    )
    assert csv_rows(selection(C.REFUNDS, [order.shop], (date(2026, 7, 1),) * 2)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("content", TABLES)
def test_no_table_has_a_customers_phone_number_or_another_shops_row(
    content: ExportedContent, tmp_path: Path
) -> None:
    order = ordered_coffee()
    other = ShopFactory.create()

    shown = csv_rows(selection(content, [order.shop], ALL_DAYS))

    assert order.customer.msisdn not in str(shown)
    assert order.customer.subscriber_key not in str(shown)
    assert csv_rows(selection(content, [other], ALL_DAYS)) == []
    excel = selection(content, [order.shop], ALL_DAYS, FileFormat.EXCEL)
    assert len(excel_rows(excel, tmp_path / "rows.xlsx")) == len(shown)


@pytest.mark.django_db
def test_case_about_a_terminal_is_exported_with_all_shops_of_its_seller_alone() -> None:
    terminal = TerminalFactory.create()
    shops = [ShopFactory.create(terminal=terminal), ShopFactory.create(terminal=terminal)]
    MoneyCase.objects.create(
        kind=CaseKind.CONFIGURATION, key="1", terminal=terminal, summary="refused"
    )

    assert len(csv_rows(selection(C.CASES, shops, ALL_DAYS))) == 1
    assert csv_rows(selection(C.CASES, shops[:1], ALL_DAYS)) == []


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_is_text_in_csv_and_excel(text: str, tmp_path: Path) -> None:
    rows = [[(text, D("-12.50"), 7)]]

    [written] = read_csv(b"".join(csv_parts(("name", "amount", "number"), rows)))
    write_excel(tmp_path / "a.xlsx", "a", ("name", "amount", "number"), rows)

    assert re.search(r"'", written["name"])
    assert not written["name"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert (written["amount"], written["number"]) == ("-12.50", "7")
    [cells] = read_excel(tmp_path / "a.xlsx")
    assert (cells["amount"], cells["number"]) == (-12.5, 7)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    assert (sheet["A2"].data_type, sheet["B2"].data_type) == ("s", "n")
    assert not str(sheet["A2"].value).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_excel_file_has_bold_frozen_names_wide_columns_and_formats(tmp_path: Path) -> None:
    moment = datetime(2026, 12, 24, 15, 30, 5)  # noqa: DTZ001 - local, as in all tables
    rows = [[("text", D("5.00"), 7, date(2026, 12, 24), moment, None)]]

    write_excel(tmp_path / "a.xlsx", "Payments", ("a", "b", "c", "d", "e", "f"), rows)

    (sheet,) = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets
    assert (sheet.title, sheet.freeze_panes) == ("Payments", "A2")
    names, cells = sheet.iter_rows()
    assert [(cell.font.bold, cell.value) for cell in names] == [
        (True, letter) for letter in "abcdef"
    ]
    assert [cell.number_format for cell in cells] == [
        "General",
        "0.00",
        "General",
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm:ss",
        "General",
    ]
    assert [cell.font.bold for cell in cells] == [False] * 6
    widths = sheet.column_dimensions["A"]
    assert (widths.min, widths.max, round(widths.width)) == (1, 6, 19)


def test_excel_file_with_more_rows_than_it_may_have_is_refused(tmp_path: Path) -> None:
    rows = [[("a",), ("b",)], [("c",)]]

    write_excel(tmp_path / "a.xlsx", "a", ("name",), rows, most_rows=3)
    with pytest.raises(TooManyRows, match="more than 2 rows"):
        write_excel(tmp_path / "b.xlsx", "a", ("name",), rows, most_rows=2)


def test_documentation_names_each_column_in_sequence() -> None:
    text = (settings.BASE_DIR / "docs" / "exports.md").read_text()
    columns = {content.value: TABLES[content].columns for content in TABLES}
    for name, expected in {**columns, "vat": VAT_COLUMNS}.items():
        paragraph = text.partition(f"\n### {name}\n\n")[2].partition("\n\n")[0]
        documented = re.findall(r"`(\w+)`(?! \(below)", re.sub(r"\([^()]*\)", "", paragraph))
        assert tuple(documented[: len(expected)]) == expected, name


@pytest.mark.parametrize(
    ("lines", "tips", "expected"),
    [
        ([], "0", [("goods", "0")]),
        ([("0", "5")], "5", [("tip", "5")]),
        ([("0", "7")], "5", [("goods", "2"), ("tip", "5")]),
        ([("12", "9"), ("25", "4")], "0", [("goods", "9"), ("goods", "4")]),
    ],
)
def test_tip_has_a_row_of_its_own_and_goods_of_nothing_none_beside_it(
    lines: list[tuple[str, str]], tips: str, expected: list[tuple[str, str]]
) -> None:
    of_rates = [VatLine(D(rate), D(gross), D(0), D(gross)) for rate, gross in lines]

    found = _goods_and_tip(of_rates, D(tips))

    assert [(what, line.gross) for what, line in found] == [
        (what, D(sum_)) for what, sum_ in expected
    ]
