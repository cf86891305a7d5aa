"""A receipt's VAT for each rate, and sums that are exact to the öre."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.receipts.content import (
    ReceiptContent,
    ReceiptRow,
    SellerDetails,
    VatLine,
    vat_by_rate,
)

D = Decimal
RATES = st.one_of(
    st.sampled_from([D("25.00"), D("12.00"), D("6.00"), D("0.00")]),
    st.decimals(0, D("99.99"), places=2),
)
ORE = st.integers(-10_000_000, 10_000_000).map(lambda ore: D(ore) / 100)


def row(total: str, rate: str = "25.00") -> ReceiptRow:
    return ReceiptRow("Kanelbulle", 1, D(total), D(rate), D(total))


def receipt(**fields: Any) -> ReceiptContent:
    """Return a receipt of one bun, with these fields."""
    rows = (row("45.00"),)
    defaults: dict[str, Any] = {
        "seller": SellerDetails("Lyktan Kafé AB", "556677-8899", "", "Storgatan 1", "111 22", ""),
        "shop": "Kafé Lyktan",
        "number": 17,
        "order_number": "1005",
        "language": "sv",
        "issued_at": datetime(2026, 6, 30, 22, 5, tzinfo=UTC),
        "rows": rows,
        "vat_lines": vat_by_rate(rows),
        "total": D("45.00"),
        "currency": "SEK",
        "payment_number": "2012060410485453001000101",
    }
    return ReceiptContent(**(defaults | fields))


@given(st.lists(st.tuples(ORE, RATES), max_size=30))
def test_net_and_vat_add_up_to_amount_paid_for_any_rows(
    bought: list[tuple[Decimal, Decimal]],
) -> None:
    rows = [ReceiptRow("x", 1, total, rate, total) for total, rate in bought]

    lines = vat_by_rate(rows)

    assert all(line.net + line.vat == line.gross for line in lines)
    assert sum(line.gross for line in lines) == sum(each.total for each in rows)
    for line in lines:
        assert line.gross == sum(each.total for each in rows if each.vat_rate == line.rate)
        assert line.vat == line.vat.quantize(D("0.01"))
        exact = line.gross - line.gross / (1 + line.rate / 100)
        assert abs(line.vat - exact) <= D("0.005") + D("1e-18")
    rates = [line.rate for line in lines]
    assert rates == sorted(set(rates), reverse=True)


@pytest.mark.parametrize(
    ("gross", "rate", "vat"),
    [
        ("100.00", "25.00", "20.00"),
        ("45.00", "12.00", "4.82"),
        ("45.00", "6.00", "2.55"),
        ("45.00", "0.00", "0.00"),
        ("0.03", "25.00", "0.01"),  # 0.006
        ("0.02", "25.00", "0.00"),  # 0.004
        ("2.10", "5.00", "0.10"),
        ("3.00", "20.00", "0.50"),
        ("0.63", "5.00", "0.03"),
        ("0.105", "5.00", "0.01"),  # exactly 0.005
    ],
)
def test_vat_is_rounded_half_up_to_the_ore(gross: str, rate: str, vat: str) -> None:
    assert vat_by_rate([row(gross, rate)])[0].vat == D(vat)


def test_vat_of_a_rate_is_rounded_once_and_not_for_each_row() -> None:
    lines = vat_by_rate([row("0.03"), row("0.03"), row("0.03")])

    assert lines == (VatLine(D("25.00"), D("0.07"), D("0.02"), D("0.09")),)


def test_equal_vat_rates_written_differently_are_one_rate() -> None:
    assert len(vat_by_rate([row("45.00", "25"), row("45.00", "25.00")])) == 1


def test_receipt_whose_rows_do_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="does not add up"):
        receipt(total=D("44.99"))


def test_receipt_whose_vat_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="does not add up"):
        receipt(vat_lines=vat_by_rate([row("44.99")]))


def test_address_leaves_out_what_is_not_known() -> None:
    assert receipt().seller.address == "Storgatan 1, 111 22"
    assert SellerDetails("", "", "", "", "", "").address == ""


def test_time_of_payment_is_swedish_in_summer_and_winter() -> None:
    summer = receipt()
    winter = receipt(issued_at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))

    assert summer.date_and_time == "2026-07-01 00:05"
    assert winter.date_and_time == "2027-01-01 00:30"
