"""The menu: categories, pictures, changed prices and sold-out products."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import (
    MAX_FETCH_RETRIES,
    block_app,
    choose,
    expect_heading,
    open_menu,
    submit_order,
)

pytestmark = pytest.mark.browser

BUN, COFFEE = "BAK-01", "KAF-01"


@pytest.fixture
def set_product(stack: Stack) -> Iterator[Callable[..., None]]:
    """Return a function that changes a product's price or marks it as sold out.

    The change is undone after the test.
    """

    def change(sku: str, price: str, *, sold_out: bool = False) -> None:
        stack.write(
            "UPDATE orders_product SET price = %s, sold_out = %s WHERE sku = %s",
            price,
            sold_out,
            sku,
        )

    yield change
    change(BUN, "35.00")
    change(COFFEE, "32.00")


def test_menu_shows_categories_and_pictures_and_no_buttons_for_a_sold_out_product(
    stack: Stack, page: Page, console: Console
) -> None:
    open_menu(page, stack.scan())

    headings = page.locator("#menu section h2:visible").all_inner_texts()
    assert headings[:2] == ["Coffee and tea", "Pastries"]
    category_buttons = page.get_by_role("navigation", name="Categories").get_by_role("button")
    assert category_buttons.all_inner_texts() == headings
    assert page.locator("#menu h2:visible", has_text="Other").count() == 0
    expect(page.get_by_alt_text("A swirled bun with pearl sugar")).to_be_visible()
    cake = page.get_by_role("listitem").filter(has_text="Princess cake")
    expect(cake.get_by_text("Sold out")).to_be_visible()
    assert cake.get_by_role("button").count() == 0
    sheets = page.evaluate("Array.from(document.styleSheets, (sheet) => sheet.href)")
    assert f"{stack.url}/accents/7a3412.css" in sheets


def test_order_with_changed_products_is_rejected_with_reasons_and_keeps_the_basket(
    stack: Stack, page: Page, console: Console, set_product: Callable[..., None]
) -> None:
    console.expected += ["409", "400"]
    block_app(page)
    open_menu(page, stack.scan())
    form_error = page.locator("#form-error")
    coffee, bun = (
        page.locator("#menu li", has_text=name) for name in ("Filter coffee", "Cinnamon")
    )

    submit_order(page)
    expect(form_error).to_have_text("Add a product first.")
    choose(page, "Cinnamon bun", 2)
    choose(page, "Filter coffee")
    expect(form_error).to_be_empty()

    set_product(COFFEE, "40.00")
    submit_order(page)
    expect(form_error).to_contain_text("was SEK\xa0102.00 and is now SEK\xa0110.00.")
    expect(coffee.get_by_role("alert")).to_have_text("The price was SEK\xa032.00.")
    more = page.get_by_role("button", name="Add one Filter coffee")
    expect(more).to_have_accessible_description("The price was SEK\xa032.00.")
    expect(page.locator("#menu .bar output")).to_have_text("SEK\xa0110.00")

    set_product(BUN, "35.00", sold_out=True)
    submit_order(page)
    expect(bun.get_by_role("alert")).to_have_text("Cinnamon bun is sold out.")
    expect(form_error).to_be_empty()
    expect(coffee.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#menu .bar output")).to_have_text("SEK\xa040.00")

    submit_order(page)
    expect_heading(page, "Pay in SEQR")
    expect(page.locator("#order [data-total]")).to_have_text("SEK\xa040.00")


def test_page_shown_again_after_a_minute_reloads_the_menu_and_keeps_the_basket(
    stack: Stack, page: Page, console: Console, set_product: Callable[..., None]
) -> None:
    page.clock.install()
    open_menu(page, stack.scan())
    choose(page, "Filter coffee")
    categories = page.locator("[data-categories] button")
    before = categories.all_inner_texts()
    sold_out = page.locator("#menu li", has_text="Cinnamon bun").get_by_text("Sold out")
    set_product(BUN, "35.00", sold_out=True)

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(sold_out).to_be_hidden()
    page.clock.fast_forward("01:00")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(sold_out).to_be_visible()
    assert categories.all_inner_texts() == before
    expect(page.locator("#menu .bar output")).to_have_text("SEK\xa032.00")


def test_menu_without_products_has_no_buttons(stack: Stack, page: Page) -> None:
    def empty(route: Route) -> None:
        route.fulfill(
            json=route.fetch(max_retries=MAX_FETCH_RETRIES).json()
            | {"products": [], "categories": []}
        )

    page.route("**/lyktan/session", empty)
    open_menu(page, stack.scan())

    expect(page.get_by_text("Nothing is for sale right now.")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
