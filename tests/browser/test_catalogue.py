"""The menu: categories, pictures, sold-out products, its search, its layout and its scroll."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request, ViewportSize, expect

from tests.browser.browsers import SIZES, SMALL_PHONE
from tests.browser.conftest import Console, SetProduct
from tests.browser.menus import Session, change_session, with_many_products, with_options
from tests.browser.stack import Stack
from tests.browser.steps import (
    bar_total,
    choose,
    expect_heading,
    open_menu,
    order_without_app,
    product_row,
    wait_until,
)

pytestmark = pytest.mark.browser

SHOW_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
# Returns each word of an element's text, and on how many lines it stands.
LINES_OF_WORDS = """(element) => {
  const text = element.firstChild;
  return Array.from(text.data.matchAll(/\\S+/g), (match) => {
    const range = document.createRange();
    range.setStart(text, match.index);
    range.setEnd(text, match.index + match[0].length);
    return [match[0], new Set(Array.from(range.getClientRects(), ({ top }) => top)).size];
  });
}"""


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
    assert cake.get_by_role("button", name="one").count() == 0
    sheets = page.evaluate("Array.from(document.styleSheets, (sheet) => sheet.href)")
    assert f"{stack.url}/accents/7a3412.css" in sheets


def test_page_shown_again_after_a_minute_reloads_the_menu_and_keeps_the_basket(
    stack: Stack, page: Page, console: Console, set_product: SetProduct
) -> None:
    page.clock.install()
    open_menu(page, stack.scan())
    choose(page, "Filter coffee")
    categories = page.locator("[data-categories] button")
    before = categories.all_inner_texts()
    sold_out = product_row(page, "Cinnamon bun").get_by_text("Sold out")
    set_product("BAK-01", "35.00", sold_out=True)

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(sold_out).to_be_hidden()
    page.clock.fast_forward("01:00")
    requests: list[Request] = []
    page.on("request", lambda request: requests.extend([request]))
    page.evaluate(f"{SHOW_AGAIN}; {SHOW_AGAIN}")

    expect(sold_out).to_be_visible()
    assert categories.all_inner_texts() == before
    expect(bar_total(page)).to_have_text("SEK\xa032.00")
    assert [each.url for each in requests].count(f"{stack.url}/lyktan/session") == 1
    page.clock.fast_forward("01:00")
    with page.expect_request("**/lyktan/session"):
        page.evaluate(SHOW_AGAIN)


def test_page_of_an_order_does_not_reload_the_menu(stack: Stack, page: Page) -> None:
    page.clock.install()
    order_without_app(page, stack.scan())
    requests: list[Request] = []
    page.on("request", lambda request: requests.extend([request]))

    page.clock.fast_forward("01:01")
    with page.expect_response(re.compile("/orders/[^/]+$")):
        page.evaluate(SHOW_AGAIN)

    expect_heading(page, "Pay in SEQR")
    assert f"{stack.url}/lyktan/session" not in {request.url for request in requests}


def test_menu_without_products_has_no_buttons(stack: Stack, page: Page) -> None:
    def empty(session: Session) -> None:
        session |= {"products": [], "categories": []}

    def with_one(session: Session) -> None:
        del session["products"][1:]

    nothing = page.get_by_text("Nothing is for sale right now.")
    change_session(page, empty)
    open_menu(page, stack.scan())
    expect(nothing).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    change_session(page, with_one)
    page.reload()

    expect(page.locator(".products li")).to_have_count(1)
    expect(nothing).to_be_hidden()


def test_search_appears_from_20_products_on_and_finds_by_any_word(stack: Stack, page: Page) -> None:
    open_menu(page, stack.scan())
    search = page.get_by_role("searchbox", name="Search the menu")
    expect(search).to_be_hidden()
    change_session(page, with_many_products)
    page.reload()
    names = page.locator(".products .name:visible")
    found = page.locator("[data-found]")

    search.fill("creme 14")
    assert names.all_inner_texts() == ["Crème brûlée 14"]
    expect(found).to_have_text("Found: 1")
    search.fill("cardamom, yeast")  # of its ingredients
    assert names.all_inner_texts() == ["Cinnamon bun"]
    assert page.locator("#menu h2:visible").all_inner_texts() == ["Pastries"]
    search.fill("pizza")
    expect(found).to_have_text("Nothing found")
    expect(names).to_have_count(0)
    search.fill("")
    expect(found).to_be_empty()
    expect(names).to_have_count(20)


def test_search_is_kept_when_the_menu_is_read_again(stack: Stack, page: Page) -> None:
    page.clock.install()
    change_session(page, with_many_products)
    open_menu(page, stack.scan())
    page.get_by_role("searchbox").fill("mug")

    page.clock.fast_forward("01:01")
    with page.expect_response("**/lyktan/session"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator(".products .name:visible")).to_have_text(["Lantern mug"])


@pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))
def test_names_break_between_words_only_and_the_stepper_keeps_its_width(
    stack: Stack, page: Page, size: ViewportSize
) -> None:
    def with_long_name(session: Session) -> None:
        with_options(session)
        session["products"][0]["name"] = "Jordgubbsmarängtårta med vaniljkrämsfyllning"

    change_session(page, with_long_name)
    page.set_viewport_size(size)
    open_menu(page, stack.scan())
    row = page.locator(".products li").first
    row.get_by_role("button", name="Add one").click()

    broken = row.locator(".name").evaluate(LINES_OF_WORDS)
    assert [word for word, lines in broken if lines > 1] == []
    buttons = row.locator(".stepper button")
    for index in range(buttons.count()):
        box = buttons.nth(index).bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (44, 44)


def test_header_with_shop_and_table_stays_while_the_menu_is_scrolled(
    stack: Stack, page: Page
) -> None:
    page.set_viewport_size(SMALL_PHONE)
    open_menu(page, stack.scan())

    page.mouse.wheel(0, 900)
    wait_until(page, "window.scrollY > 500")

    expect(page.locator(".header [data-table]")).to_be_in_viewport()
    expect(page.get_by_text("Kafé Lyktan")).to_be_in_viewport()


def test_back_and_reload_keep_the_scroll(stack: Stack, page: Page) -> None:
    open_menu(page, stack.scan())
    assert page.evaluate("window.scrollY") == 0
    page.mouse.wheel(0, 700)
    wait_until(page, "history.state?.scrollY > 500")
    before = page.evaluate("window.scrollY")

    page.reload()
    wait_until(page, f"window.scrollY === {before}")
    page.goto(f"{stack.url}/lyktan/success")
    expect_heading(page, "We couldn't find your order")
    page.go_back()
    wait_until(page, f"window.scrollY === {before}")
    open_menu(page, stack.scan())  # another scan, in the same page

    assert page.evaluate("window.scrollY") == 0
