"""The rows' parts of a receipt: exact to the öre, and what its VAT lines say."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from payments.receipts.content import VatLine
from payments.receipts.credits import credit_of
from payments.takings.allotment import (
    Allotment,
    Credit,
    SoldRow,
    allot_credit,
    allot_payment,
    spread,
)

D = Decimal
FOOD, GOODS, NO_VAT = D("12.00"), D("25.00"), D("0.00")
LATTE = SoldRow(1, 7, FOOD, D("90.00"), 2)
MUG = SoldRow(2, 8, GOODS, D("100.00"), 1)
TIP = SoldRow(3, None, NO_VAT, D("10.00"), is_tip=True)
ROWS = (LATTE, MUG, TIP)


def parts(allotment: Allotment) -> dict[int, tuple[int, str, str]]:
    """Return units, net and gross of each row by its ID."""
    return {each.row.pk: (each.units, str(each.net), str(each.gross)) for each in allotment.shares}


def amount_only(amount: str) -> Credit:
    return Credit(D(amount), {}, {})


def test_payment_is_divided_by_its_rows() -> None:
    allotment = allot_payment(ROWS, D("200.00"))

    assert allotment.lines == (
        VatLine(GOODS, D("80.00"), D("20.00"), D("100.00")),
        VatLine(FOOD, D("80.36"), D("9.64"), D("90.00")),
        VatLine(NO_VAT, D("10.00"), D("0.00"), D("10.00")),
    )
    assert parts(allotment) == {
        1: (2, "80.36", "90.00"),
        2: (1, "80.00", "100.00"),
        3: (0, "10.00", "10.00"),
    }


def test_another_amount_than_was_ordered_is_divided_in_proportion() -> None:
    assert parts(allot_payment(ROWS, D("100.00"))) == {
        1: (2, "40.18", "45.00"),
        2: (1, "40.00", "50.00"),
        3: (0, "5.00", "5.00"),
    }


def test_product_that_cost_nothing_after_a_discount_has_its_units() -> None:
    free = SoldRow(4, 9, D("6.00"), D("0.00"), 3)

    assert parts(allot_payment([LATTE, free], D("90.00")))[4] == (3, "0.00", "0.00")


def test_payment_of_an_order_without_rows_has_no_vat() -> None:
    assert allot_payment([], D("45.00")).lines == (
        VatLine(NO_VAT, D("45.00"), D("0.00"), D("45.00")),
    )


def test_refund_by_rows_is_of_these_rows() -> None:
    credit = Credit(D("55.00"), {1: D("45.00"), 3: D("10.00")}, {1: 1})

    assert parts(allot_credit(ROWS, (), credit)) == {
        1: (-1, "-40.18", "-45.00"),
        2: (0, "0.00", "0.00"),
        3: (0, "-10.00", "-10.00"),
    }


def test_reversal_is_of_what_was_not_refunded() -> None:
    refund = Credit(D("100.00"), {1: D("90.00"), 3: D("10.00")}, {1: 2})

    assert parts(allot_credit(ROWS, [refund], amount_only("100.00"))) == {
        1: (0, "0.00", "0.00"),
        2: (0, "-80.00", "-100.00"),
        3: (0, "0.00", "0.00"),
    }


def test_row_that_an_amount_has_credited_in_part_is_not_credited_twice() -> None:
    two = (LATTE, SoldRow(5, 9, FOOD, D("10.00"), 1))
    refund = Credit(D("50.00"), {1: D("50.00")}, {1: 2})

    assert parts(allot_credit(two, [amount_only("50.00")], refund)) == {
        1: (-2, "-40.19", "-45.00"),
        5: (0, "-4.46", "-5.00"),
    }


ORE = st.integers(1, 100_000).map(lambda ore: D(ore) / 100)


@given(st.integers(-100_000, 100_000), st.lists(st.integers(0, 1000), min_size=1))
def test_parts_add_up_and_are_no_further_from_zero_than_their_weights(
    ore: int, weights: list[int]
) -> None:
    amount = D(ore) / 100

    spread_amount = spread(amount, [D(weight) / 100 for weight in weights])

    assert sum(spread_amount) == amount
    assert all(part * amount >= 0 for part in spread_amount)
    if abs(ore) <= sum(weights):
        pairs = zip(spread_amount, weights, strict=True)
        assert all(abs(part) <= D(weight) / 100 for part, weight in pairs)


@given(st.lists(st.tuples(st.sampled_from([FOOD, GOODS, NO_VAT]), ORE), min_size=1), st.data())
def test_credits_of_a_whole_payment_return_each_row_and_follow_the_receipts_vat(
    paid: list[tuple[Decimal, Decimal]], data: st.DataObject
) -> None:
    rows = [SoldRow(pk, pk, rate, amount, 1) for pk, (rate, amount) in enumerate(paid)]
    left, credits_ = sum((row.paid for row in rows), D(0)), list[Credit]()
    net = {each.row.pk: each.net for each in allot_payment(rows, left).shares}
    gross = {row.pk: row.paid for row in rows}
    while left:
        chosen = data.draw(st.sampled_from(rows))
        if data.draw(st.booleans()) and chosen.paid <= left:
            credit = Credit(chosen.paid, {chosen.pk: chosen.paid}, {chosen.pk: 1})
        else:
            ore = data.draw(st.integers(1, int(left * 100)))
            credit = Credit(left if len(credits_) > 4 else D(ore) / 100, {}, {})
        left -= credit.amount
        allotment = allot_credit(rows, credits_, credit)
        credits_.append(credit)

        for line in allotment.lines:
            of_rate = [each for each in allotment.shares if each.row.vat_rate == line.rate]
            assert sum(each.net for each in of_rate) == line.net
            assert sum(each.gross for each in of_rate) == line.gross
        assert -sum(each.gross for each in allotment.shares) == credit.amount
        for each in allotment.shares:
            net[each.row.pk] += each.net
            gross[each.row.pk] += each.gross
            assert gross[each.row.pk] >= 0

    assert not any(gross.values())
    for rate in {row.vat_rate for row in rows}:
        assert sum(net[row.pk] for row in rows if row.vat_rate == rate) == 0


@given(st.lists(ORE, min_size=1, max_size=3))
def test_lines_of_a_credit_are_those_of_its_receipt(amounts: list[Decimal]) -> None:
    paid = {FOOD: D("90.00"), GOODS: D("100.00"), NO_VAT: D("10.00")}

    *earlier, last = amounts
    allotment = allot_credit(ROWS, [Credit(each, {}, {}) for each in earlier], Credit(last, {}, {}))

    assert allotment.lines == credit_of(paid, earlier, last)
