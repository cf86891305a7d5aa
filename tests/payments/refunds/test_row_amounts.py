"""The amounts of refunded rows, exact to the öre for any prices, discounts and sequences."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.models import OrderRow
from payments.models import InvoiceDiscount
from payments.refunds.row_amounts import RefundableRow, RowNotRefundable, paid_amounts

prices = st.decimals("0.01", "999.99", places=2)
rates = st.sampled_from([Decimal("6.00"), Decimal("12.00"), Decimal("25.00")])
order_rows = st.lists(st.tuples(st.integers(1, 9), prices, rates), min_size=1, max_size=5)


def row(pk: int, quantity: int, price: Decimal, rate: Decimal) -> OrderRow:
    return OrderRow(
        pk=pk, quantity=quantity, unit_price=price, vat_rate=rate, total=quantity * price
    )


@given(order_rows, st.data())
def test_rows_cost_together_what_was_paid_with_any_discount(
    given_rows: list[tuple[int, Decimal, Decimal]], data: st.DataObject
) -> None:
    rows = [row(pk, *values) for pk, values in enumerate(given_rows)]
    discounts = [
        cast(InvoiceDiscount, SimpleNamespace(vat_rate=rate, amount=-part))
        for rate in {each.vat_rate for each in rows}
        for total in [sum(each.total for each in rows if each.vat_rate == rate)]
        for amount in [data.draw(st.decimals("0.00", cast(Any, total), places=2))]
        for part in (amount // 3, amount - amount // 3)
    ]

    paid = paid_amounts(rows, discounts)

    of_order = sum(each.total for each in rows) + sum(each.amount for each in discounts)
    assert sum(paid.values()) == of_order
    assert all(Decimal(0) <= paid[each.pk] <= each.total for each in rows)


@given(st.integers(1, 12), st.decimals("0.00", "500.00", places=2), st.data())
def test_refunds_of_all_units_sum_up_to_the_paid_amount_whatever_was_withdrawn(
    quantity: int, paid: Decimal, data: st.DataObject
) -> None:
    """Each step refunds some units, or withdraws an earlier refund."""
    order_row = row(1, quantity, Decimal(1), Decimal(12))
    refunds: list[tuple[int, Decimal]] = []

    def rest() -> RefundableRow:
        units = sum(number for number, _ in refunds)
        return RefundableRow(order_row, paid, units, sum((a for _, a in refunds), Decimal(0)))

    for withdraws in data.draw(st.lists(st.booleans(), max_size=10)):
        if refunds and withdraws:
            refunds.pop(data.draw(st.integers(0, len(refunds) - 1)))
        elif rest().remaining:
            units = data.draw(st.integers(1, rest().remaining))
            refunds.append((units, rest().amount_of(units)))
        assert all(amount >= 0 for _, amount in refunds)
        assert rest().refunded_amount <= paid
    if rest().remaining:
        refunds.append((rest().remaining, rest().amount_of(rest().remaining)))

    assert sum(amount for _, amount in refunds) == paid


@pytest.mark.parametrize("quantity", [0, -1, 3])
def test_no_more_units_than_remain_are_refundable(quantity: int) -> None:
    of_three = RefundableRow(row(1, 3, Decimal(10), Decimal(12)), Decimal(30), 1, Decimal(10))

    with pytest.raises(RowNotRefundable):
        of_three.amount_of(quantity)
