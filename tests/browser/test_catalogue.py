"""The menu: under headings, with pictures, and as it is now."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import choose, open_menu, press_order, sees, stay_here

pytestmark = pytest.mark.browser

BUN, COFFEE = "BAK-01", "KAF-01"


@pytest.fixture
def set_product(stack: Stack) -> Iterator[Callable[..., None]]:
    """Have the staff give a product another price, or mark it: undone after the test."""

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


def test_the_menu_has_headings_and_pictures_and_what_is_sold_out_cannot_be_chosen(
    stack: Stack, page: Page, console: Console
) -> None:
    open_menu(page, stack.scan())

    headings = page.locator("#menu section h2:visible").all_inner_texts()
    assert headings[:2] == ["Coffee and tea", "Pastries"]
    ways = page.get_by_role("navigation", name="Categories").get_by_role("button")
    assert ways.all_inner_texts() == headings
    assert page.locator("#menu h2:visible", has_text="Other").count() == 0
    expect(page.get_by_alt_text("A swirled bun with pearl sugar")).to_be_visible()
    cake = page.get_by_role("listitem").filter(has_text="Princess cake")
    expect(cake.get_by_text("Sold out")).to_be_visible()
    assert cake.get_by_role("button").count() == 0
    sheets = page.evaluate("Array.from(document.styleSheets, (sheet) => sheet.href)")
    assert f"{stack.url}/accents/7a3412.css" in sheets


def test_what_changes_meanwhile_is_told_before_it_is_paid_and_the_rest_stays_chosen(
    stack: Stack, page: Page, console: Console, set_product: Callable[..., None]
) -> None:
    console.expected += ["409", "400"]
    stay_here(page)
    open_menu(page, stack.scan())
    whole = page.locator("#form-error")
    coffee, bun = (
        page.locator("#menu li", has_text=name) for name in ("Filter coffee", "Cinnamon")
    )

    press_order(page)
    expect(whole).to_have_text("Add a product first.")
    choose(page, "Cinnamon bun", 2)
    choose(page, "Filter coffee")
    expect(whole).to_be_empty()

    set_product(COFFEE, "40.00")
    press_order(page)
    expect(whole).to_contain_text("was SEK\xa0102.00 and is now SEK\xa0110.00.")
    expect(coffee.get_by_role("alert")).to_have_text("The price was SEK\xa032.00.")
    more = page.get_by_role("button", name="Add one Filter coffee")
    expect(more).to_have_accessible_description("The price was SEK\xa032.00.")
    expect(page.locator("#menu .bar output")).to_have_text("SEK\xa0110.00")

    set_product(BUN, "35.00", sold_out=True)
    press_order(page)
    expect(bun.get_by_role("alert")).to_have_text("Cinnamon bun is sold out.")
    expect(whole).to_be_empty()
    expect(coffee.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#menu .bar output")).to_have_text("SEK\xa040.00")

    press_order(page)
    sees(page, "Pay in SEQR")
    expect(page.locator("#order [data-total]")).to_have_text("SEK\xa040.00")


def test_who_looks_again_after_a_while_sees_the_menu_of_now_and_keeps_the_choice(
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


def test_where_nothing_is_for_sale_there_is_nothing_to_press(stack: Stack, page: Page) -> None:
    def empty(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"products": [], "categories": []})

    page.route("**/lyktan/session", empty)
    open_menu(page, stack.scan())

    expect(page.get_by_text("Nothing is for sale right now.")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
