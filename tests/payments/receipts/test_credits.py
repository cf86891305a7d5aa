"""The VAT of credit receipts: exact to the öre, and in all what the payment's was."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from payments.receipts.content import VatLine, vat_line
from payments.receipts.credits import ByRate, credit_of

D = Decimal
ORE = D("0.01")
FOOD, GOODS, TIP = D("12.00"), D("25.00"), D("0.00")
PAID = {FOOD: D("45.00"), GOODS: D("100.00")}


def credits_of(paid: ByRate, refunds: Sequence[ByRate | Decimal]) -> list[tuple[VatLine, ...]]:
    """Return the VAT lines of each of several refunds."""
    return [credit_of(paid, refunds[:position], each) for position, each in enumerate(refunds)]


def test_refund_of_rows_credits_the_vat_of_its_rows() -> None:
    assert credit_of(PAID, [], {FOOD: D("22.50")}) == (
        VatLine(FOOD, D("-20.09"), D("-2.41"), D("-22.50")),
    )


def test_refunded_amount_is_spread_over_the_rates_in_proportion() -> None:
    assert credit_of(PAID, [], D("29.00")) == (
        VatLine(GOODS, D("-16.00"), D("-4.00"), D("-20.00")),
        VatLine(FOOD, D("-8.04"), D("-0.96"), D("-9.00")),
    )


def test_ore_that_no_rate_has_more_of_is_of_the_highest_rate() -> None:
    lines = credit_of({FOOD: D("50.00"), GOODS: D("50.00")}, [], D("0.01"))

    assert lines == (VatLine(GOODS, D("-0.01"), D("0.00"), D("-0.01")),)


def test_amount_after_rows_is_spread_over_what_is_left() -> None:
    lines = credit_of(PAID, [{GOODS: D("100.00")}], D("45.00"))

    assert [(line.rate, line.gross) for line in lines] == [(FOOD, D("-45.00"))]


def test_row_that_an_amount_has_credited_in_part_is_not_credited_twice() -> None:
    half, row = D("72.50"), {FOOD: D("45.00")}

    lines = credit_of(PAID, [half], row)

    # Half of the food is credited already. The rest of the refund is of the goods.
    assert [(line.rate, line.gross) for line in lines] == [
        (GOODS, D("-22.50")),
        (FOOD, D("-22.50")),
    ]


def test_tip_is_credited_without_vat() -> None:
    paid = {FOOD: D("90.00"), TIP: D("10.00")}

    assert credit_of(paid, [], {TIP: D("10.00")}) == (
        VatLine(TIP, D("-10.00"), D("0.00"), D("-10.00")),
    )


def test_more_than_was_paid_is_credited_as_the_payment_was_made_up() -> None:
    """SEQR has refunded an amount and reversed the payment too."""
    lines = credit_of(PAID, [D("145.00")], D("29.00"))

    assert sum(line.gross for line in lines) == D("-29.00")


RATES = st.sampled_from([TIP, D("6.00"), FOOD, GOODS])
AMOUNTS = st.integers(1, 1_000_000).map(lambda ore: D(ore) / 100)


@given(st.dictionaries(RATES, AMOUNTS, min_size=1), st.data())
def test_credits_of_a_whole_payment_add_up_to_its_net_and_vat_at_each_rate(
    paid: dict[Decimal, Decimal], data: st.DataObject
) -> None:
    refunds: list[ByRate | Decimal] = []
    left, rows = sum(paid.values(), D(0)), dict(paid)
    while left:
        rate = data.draw(st.sampled_from(sorted(paid)))
        most = min(left, rows[rate])
        ore = data.draw(st.integers(1, int(left / ORE)))
        if data.draw(st.booleans()) and most:
            amount = min(D(ore) / 100, most)
            rows[rate] -= amount
            refunds.append({rate: amount})
        else:
            amount = left if len(refunds) > 4 else D(ore) / 100
            refunds.append(amount)
        left -= amount

    lines = credits_of(paid, refunds)

    for refund, of_refund in zip(refunds, lines, strict=True):
        amount = refund if isinstance(refund, Decimal) else sum(refund.values(), D(0))
        assert -sum((line.gross for line in of_refund), D(0)) == amount
        for line in of_refund:
            assert line.net + line.vat == line.gross
            assert line.gross < 0
            assert line.vat == line.vat.quantize(ORE)
    for rate, gross in paid.items():
        of_rate = [line for of_refund in lines for line in of_refund if line.rate == rate]
        whole = vat_line(rate, gross)
        assert -sum((line.gross for line in of_rate), D(0)) == gross
        assert -sum((line.vat for line in of_rate), D(0)) == whole.vat
        assert -sum((line.net for line in of_rate), D(0)) == whole.net
