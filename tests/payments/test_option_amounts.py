"""Options, VAT rates, dining, discounts, tips and refunds add up to the öre, whatever they are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from orders.models import Dining, Order, OrderRow, Product, Shop
from orders.services import OrderRequest, RowRequest, lines_of
from orders.services.options import MenuProduct, OfferedGroup, OfferedOption
from orders.services.priced_rows import product_rows, tip_rows
from payments.invoices.payloads import line_rows
from payments.models import InvoiceDiscount
from payments.receipts.content import vat_by_rate
from payments.refunds.row_amounts import (
    RefundableLine,
    RefundableRow,
    paid_amounts,
    refund_rows,
)

ORE = Decimal("0.01")
prices = st.decimals("0.01", "999.99", places=2)
option_prices = st.one_of(st.just(Decimal("0.00")), st.decimals("0.00", "99.99", places=2))
rates = st.sampled_from([Decimal("0.00"), Decimal("6.00"), Decimal("12.00"), Decimal("25.00")])
positions = st.tuples(
    prices, rates, st.none() | rates, st.lists(option_prices, max_size=4), st.integers(1, 7)
)


@dataclass(frozen=True)
class Placed:
    """An order as the customer placed it, and what it costs by the menu."""

    order: Order
    rows: list[OrderRow]
    expected_total: Decimal
    tip: Decimal


@st.composite
def placed_orders(draw: st.DrawFn) -> Placed:
    """Draw an order of up to four products with options, and perhaps a tip."""
    drawn = draw(st.lists(positions, min_size=1, max_size=4))
    dining = draw(st.sampled_from(["", *Dining.values]))
    ids, items, requested, goods = count(1), [], [], Decimal(0)
    for price, rate, take_away_rate, options, quantity in drawn:
        product = Product(pk=next(ids), name_en="Latte", price=price, vat_rate=rate, unit="st")
        product.take_away_vat_rate = take_away_rate
        offered = tuple(OfferedOption(next(ids), "Val", "Option", each, False) for each in options)
        group = OfferedGroup(next(ids), "Val", "Options", 0, 4, offered)
        items.append(MenuProduct(product, (group,)))
        requested.append(RowRequest(product.pk, quantity, tuple(each.id for each in offered)))
        goods += quantity * (price + sum(options))
    tip = draw(st.just(Decimal(0)) | st.decimals(ORE, cast(Any, goods), places=2))
    shop = Shop(tip_percentages=[5], currency="SEK")
    rows = product_rows(OrderRequest("nonce", requested, dining=dining), items)
    rows += tip_rows(shop, tip, goods)
    for row in rows:
        row.pk = next(ids)
        row.parent = row.parent  # whose ID is known now
    order = Order(pk=1, language="en", currency="SEK", dining=dining)
    return Placed(order, rows, goods + tip, tip)


@given(placed_orders())
def test_each_row_is_what_it_says_and_all_add_up(placed: Placed) -> None:
    rows = placed.rows

    for row in rows:
        assert row.total == row.quantity * row.unit_price
        if row.parent is not None:
            assert (row.quantity, row.vat_rate) == (row.parent.quantity, row.parent.vat_rate)
        if placed.order.dining == Dining.TAKE_AWAY and row.parent is None and row.product:
            other = row.product.take_away_vat_rate
            assert row.vat_rate == (row.product.vat_rate if other is None else other)
    assert sum(row.total for row in rows) == placed.expected_total
    assert [row.pk for line in lines_of(rows) for row in line.rows] == [row.pk for row in rows]
    vat = vat_by_rate(cast(Any, rows))
    assert sum(line.net + line.vat for line in vat) == placed.expected_total
    assert sum(line.gross for line in vat if not line.rate) >= placed.tip


@given(placed_orders())
def test_rows_of_seqr_add_up_and_none_is_empty(placed: Placed) -> None:
    sent = [row for line in lines_of(placed.rows) for row in line_rows(line, placed.order)]

    assert sum(row.item_total_amount.value for row in sent) == placed.expected_total
    for row in sent:
        assert row.item_unit_price is not None
        assert row.item_total_amount.value == row.item_quantity * row.item_unit_price.value > 0
    named = sum(row.item_description.count("Option") for row in sent)
    assert named == sum(row.parent is not None for row in placed.rows)


@given(placed_orders(), st.data())
def test_refunds_of_all_units_pay_back_what_was_paid_and_the_whole_tip(
    placed: Placed, data: st.DataObject
) -> None:
    discounts = draw_discounts(placed.rows, data)
    paid = paid_amounts(placed.rows, discounts)
    total = placed.expected_total + sum(each.amount for each in discounts)

    refunded: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines_of(placed.rows):
        units = 0
        while units < line.row.quantity:
            rest = RefundableLine(
                tuple(
                    RefundableRow(row, paid[row.pk], units, refunded[row.pk]) for row in line.rows
                )
            )
            quantity = data.draw(st.integers(1, rest.remaining))
            made = refund_rows([rest], {line.row.pk: quantity})
            assert {each.quantity for each in made} == {quantity}
            assert sum(each.amount for each in made) == rest.amount_of(quantity)
            for each in made:
                assert each.amount >= 0
                refunded[each.order_row.pk] += each.amount
            units += quantity

    assert sum(paid.values()) == sum(refunded.values()) == total
    assert refunded == paid
    assert sum(paid[row.pk] for row in placed.rows if row.is_tip) == placed.tip


def draw_discounts(rows: list[OrderRow], data: st.DataObject) -> list[InvoiceDiscount]:
    """Draw a discount for each VAT rate, of at most what was bought at it."""
    bought: dict[Decimal, Decimal] = defaultdict(Decimal)
    for row in rows:
        if not row.is_tip:
            bought[row.vat_rate] += row.total
    return [
        cast(InvoiceDiscount, SimpleNamespace(vat_rate=rate, amount=-off))
        for rate, goods in bought.items()
        for off in [data.draw(st.decimals("0.00", cast(Any, goods), places=2))]
    ]
