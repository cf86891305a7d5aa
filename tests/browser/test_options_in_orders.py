"""An order with options, notes, a tip and a place to eat, from the page to SEQR."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import (
    bar_total,
    basket_row,
    block_app,
    open_basket,
    open_menu,
    place_order,
    product_row,
    reference_on,
    submit_order,
)

pytestmark = pytest.mark.browser

SHOP = "UPDATE orders_shop SET asks_dining = %s, tip_percentages = %s WHERE slug = 'lyktan'"
OAT_MILK = "UPDATE orders_option SET sold_out = %s WHERE name_en = 'Oat milk'"
ROWS = """
    SELECT kind, name_en, quantity, total, note FROM orders_orderrow
    WHERE order_id = (SELECT max(id) FROM orders_order)
    ORDER BY array_position(ARRAY['product', 'option', 'tip'], kind::text), id
"""
# The styles of the sheets, which are loaded by now, leave the table of the order as it is.
RIGHT_EDGES = "cells => cells.map((cell) => Math.round(cell.getBoundingClientRect().right))"


@pytest.fixture
def asking(stack: Stack) -> Iterator[None]:
    """Let the shop ask where the customer eats, and offer tips."""
    stack.write(SHOP, True, [5, 10])
    yield
    stack.write(SHOP, False, [])
    stack.write(OAT_MILK, False)


def add_cappuccinos(page: Page) -> None:
    """Add two large cappuccinos with oat milk and an extra shot."""
    product_row(page, "Cappuccino").get_by_role("button", name="Add one").click()
    sheet = page.get_by_role("dialog", name="Cappuccino")
    for option in ("Large", "Oat milk", "Extra shot"):
        sheet.get_by_label(option).check()
    sheet.get_by_label("Note to the kitchen").fill("no cocoa ☕")
    sheet.get_by_role("button", name="Add one Cappuccino").click()
    sheet.get_by_role("button", name="Add to order SEK\xa0132.00").click()
    expect(sheet).to_be_hidden()


def test_options_notes_dining_and_tip_reach_the_kitchen_and_seqr(
    stack: Stack, page: Page, asking: None
) -> None:
    block_app(page)
    open_menu(page, stack.scan())
    add_cappuccinos(page)
    open_basket(page)
    page.get_by_label("Take away").check()
    page.locator("#order-note").fill("We sit outside")
    page.get_by_label("10% · SEK\xa013.20").check()

    place_order(page)

    expect(page.locator("#order [data-total]")).to_have_text("SEK\xa0145.20")
    assert (
        len(set(page.locator("#order .receipt tr:not([hidden]) td").evaluate_all(RIGHT_EDGES))) == 1
    )
    assert stack.read(ROWS) == [
        ("product", "Cappuccino", 2, Decimal("90.00"), "no cocoa ☕"),
        ("option", "Large", 2, Decimal("16.00"), ""),
        ("option", "Oat milk", 2, Decimal("10.00"), ""),
        ("option", "Extra shot", 2, Decimal("16.00"), ""),
        ("tip", "Tip", 1, Decimal("13.20"), ""),
    ]
    [order] = stack.read("SELECT note, dining FROM orders_order ORDER BY id DESC LIMIT 1")
    assert order == ("We sit outside", "take_away")
    invoice = stack.sandbox.invoice(reference_on(page))
    assert Decimal(invoice["amount"]) == Decimal("145.20")


def test_option_sold_out_meanwhile_is_said_in_its_row_and_changed_there(
    stack: Stack, page: Page, asking: None, console: Console
) -> None:
    console.expected.append("400")
    block_app(page)
    open_menu(page, stack.scan())
    add_cappuccinos(page)
    stack.write(OAT_MILK, True)

    submit_order(page)

    row = basket_row(page, "Cappuccino")
    expect(row).to_contain_text("Oat milk is sold out. Change your choice, or remove this.")
    row.get_by_role("button", name="Change Cappuccino").click()
    sheet = page.get_by_role("dialog", name="Cappuccino")
    expect(sheet.get_by_label("Oat milk")).to_be_disabled()
    expect(sheet.get_by_label("Large")).to_be_checked()
    sheet.get_by_label("Lactose-free milk").check()
    sheet.get_by_role("button", name="Save").click()
    place_order(page)
    expect(page.locator("#order [data-total]")).to_have_text("SEK\xa0122.00")


def test_basket_with_options_is_there_again_after_cancelling(
    stack: Stack, page: Page, asking: None
) -> None:
    block_app(page)
    open_menu(page, stack.scan())
    add_cappuccinos(page)
    place_order(page)

    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("link", name="Back to the menu").click()

    expect(bar_total(page)).to_have_text("SEK\xa0132.00")
    open_basket(page)
    row = basket_row(page, "Cappuccino")
    expect(row).to_contain_text("Large, Oat milk, Extra shot")
    expect(row).to_contain_text("no cocoa ☕")
