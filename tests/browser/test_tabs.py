"""The basket of a customer who has the menu open in several tabs of one browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import (
    APP,
    bar_total,
    block_app,
    choose,
    expect_heading,
    open_menu,
    submit_order,
    wait_until,
)

pytestmark = pytest.mark.browser

# Counts the other tabs' changes, after the page's own script has been called.
COUNT_CHANGES = """() => {
  window.changes = 0;
  addEventListener("storage", () => { window.changes += 1; });
}"""
# It is an event in the other tabs alone, one for each name.
FORGET_ALL = "Object.keys(localStorage).forEach((name) => localStorage.removeItem(name))"
STORE_ANOTHER = "localStorage.setItem('basket-another', '{}')"


def another_tab(page: Page, stack: Stack) -> Page:
    """Open a page without a basket in a second tab, and let the first one count its changes."""
    second = page.context.new_page()
    second.goto(f"{stack.url}/privacy")
    page.evaluate(COUNT_CHANGES)
    return second


def hold(page: Page, address: str) -> list[Route]:
    """Leave the page's requests to this address unanswered; return those of them that are made."""
    held: list[Route] = []

    def leave(route: Route) -> None:
        held.append(route)

    page.route(address, leave)
    return held


def test_two_tabs_show_one_basket(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    open_menu(page, scan)
    second = page.context.new_page()
    second.goto(f"{stack.url}/lyktan/order")

    choose(second, "Cinnamon bun", 2)

    expect(bar_total(page)).to_have_text("SEK\xa070.00")
    choose(page, "Filter coffee")
    expect(bar_total(second)).to_have_text("SEK\xa0102.00")


def test_basket_of_another_customer_changes_nothing_in_this_tab(stack: Stack, page: Page) -> None:
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    second = another_tab(page, stack)
    page.evaluate(FORGET_ALL)  # what this tab shows is not read again

    second.evaluate(STORE_ANOTHER)

    wait_until(page, "changes === 1")
    expect(bar_total(page)).to_have_text("SEK\xa035.00")


def test_basket_is_not_changed_by_another_tab_while_its_order_is_sent(
    stack: Stack, page: Page
) -> None:
    block_app(page)
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    second = another_tab(page, stack)
    held = hold(page, "**/lyktan/orders")
    with page.expect_request("**/lyktan/orders"):
        submit_order(page)

    second.evaluate(FORGET_ALL)

    wait_until(page, "changes === 1")
    expect(bar_total(page)).to_have_text("SEK\xa035.00")
    with page.expect_event("requestfailed", lambda each: APP.search(each.url) is not None):
        held.pop().continue_()
    expect_heading(page, "Pay in SEQR")


def test_basket_changed_by_another_tab_before_the_menu_is_there_is_no_fault(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("ERR_FAILED")  # the request that is held until the end
    held = hold(page, "**/lyktan/session")
    page.goto(stack.scan().order_url)
    wait_until(page, "document.querySelector('.skeleton') !== null")
    second = another_tab(page, stack)

    second.evaluate(STORE_ANOTHER)

    wait_until(page, "changes === 1")
    for each in held:
        each.abort()
    page.goto("about:blank")
