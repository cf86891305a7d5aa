"""The basket survives whatever happens to the page, and is nobody else's."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console, OpenBrowser
from tests.browser.menus import change_session, with_options
from tests.browser.stack import Stack
from tests.browser.steps import (
    add_latte,
    bar_total,
    basket_row,
    block_app,
    choose,
    expect_heading,
    number_on,
    open_basket,
    open_menu,
    order_without_app,
    place_order,
    reference_on,
    submit_order,
    wait_until,
)

pytestmark = pytest.mark.browser

STORED = "Object.values(localStorage).map((text) => JSON.parse(text))"
WITHOUT_STORAGE = {
    "refused": """
Object.defineProperty(window, "localStorage", { get() { throw new Error("no storage"); } });
""",
    "without room": """
Storage.prototype.setItem = () => { throw new DOMException("no room", "QuotaExceededError"); };
""",
}


def test_basket_survives_reload_language_change_and_second_scan(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    change_session(page, with_options)
    open_menu(page, scan)
    choose(page, "Cinnamon bun")
    add_latte(page, "Whole milk", "Extra shot", note="no foam ☕")

    page.reload()
    expect(bar_total(page)).to_have_text("SEK\xa092.50")
    page.get_by_role("link", name="Svenska").click()
    expect(bar_total(page)).to_have_text("92,50\xa0kr")
    page.get_by_role("link", name="English").click()
    page.goto("about:blank")
    page.goto(stack.scan(scan.msisdn).order_url)

    open_basket(page)
    expect(page.locator("#basket [data-rows] li")).to_have_count(2)
    latte = basket_row(page, "Oat latte")
    expect(latte).to_contain_text("Whole milk, Extra shot")
    expect(latte).to_contain_text("no foam ☕")


def test_reload_with_an_open_sheet_shows_the_menu_and_back_leaves_it(
    stack: Stack, page: Page
) -> None:
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    open_basket(page)

    page.reload()

    expect_heading(page, "What would you like?")
    expect(page.locator("#basket-sheet")).to_be_hidden()
    wait_until(page, "!history.state?.sheets")
    open_basket(page)


def test_basket_survives_cancelling_and_a_failed_payment(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    order_without_app(page, scan)
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("link", name="Back to the menu").click()
    expect(bar_total(page)).to_have_text("SEK\xa035.00")
    choose(page, "Filter coffee")
    place_order(page)
    expect(page.locator("#order [data-total]")).to_have_text("SEK\xa067.00")

    page.goto(stack.sandbox.act(reference_on(page), "fail", scan.token)["redirect_url"])
    expect_heading(page, "The payment failed")
    page.get_by_role("link", name="Back to the menu").click()

    expect(bar_total(page)).to_have_text("SEK\xa067.00")


def test_basket_is_forgotten_when_its_order_is_paid(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    reference = order_without_app(page, scan)
    assert len(page.evaluate(STORED)) == 1

    stack.sandbox.pay(reference, scan.token)
    expect_heading(page, "Paid, thank you!")

    assert page.evaluate(STORED) == []
    page.goto(stack.scan(scan.msisdn).order_url)
    expect_heading(page, "What would you like?")
    expect(bar_total(page)).to_be_hidden()


def test_basket_paid_while_no_page_was_open_is_forgotten_at_the_next_scan(
    stack: Stack, page: Page
) -> None:
    scan = stack.scan()
    reference = order_without_app(page, scan)
    page.goto("about:blank")
    stack.sandbox.pay(reference, scan.token)
    stack.wait_for(
        "SELECT 1 FROM payments_invoice WHERE invoice_reference = %s AND status = 'PAID'", reference
    )

    page.goto(stack.scan(scan.msisdn).order_url)

    expect_heading(page, "What would you like?")
    expect(bar_total(page)).to_be_hidden()


def test_order_whose_answer_was_lost_takes_its_basket_along(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("ERR_FAILED")
    scan = stack.scan()
    block_app(page)
    open_menu(page, scan)
    choose(page, "Cinnamon bun")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/lyktan/orders", lose_the_answer, times=1)
    submit_order(page)
    expect(page.get_by_text("No connection. Trying")).to_be_visible()
    page.reload()
    expect_heading(page, "Pay in SEQR")
    page.locator("#order [data-open-app]").wait_for()
    stack.sandbox.pay(reference_on(page), scan.token)

    expect_heading(page, "Paid, thank you!")
    assert page.evaluate(STORED) == []


def test_basket_is_never_shown_to_another_customer_of_the_same_browser(
    stack: Stack, page: Page
) -> None:
    first = stack.scan()
    open_menu(page, first)
    choose(page, "Cinnamon bun")

    page.goto("about:blank")
    open_menu(page, stack.scan())
    expect(bar_total(page)).to_be_hidden()
    choose(page, "Filter coffee")
    expect(bar_total(page)).to_have_text("SEK\xa032.00")
    page.evaluate("fragment => { location.hash = fragment }", stack.scan(first.msisdn).token)

    expect(bar_total(page)).to_have_text("SEK\xa035.00")
    assert len(page.evaluate(STORED)) == 2


def test_basket_of_more_than_an_hour_ago_is_forgotten(stack: Stack, page: Page) -> None:
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    age = """(minutes) => {
      const [[name, text]] = Object.entries(localStorage);
      const basket = JSON.parse(text);
      localStorage.setItem(name, JSON.stringify({ ...basket, at: Date.now() - minutes * 60_000 }));
    }"""

    page.evaluate(age, 59.5)
    page.reload()
    expect(bar_total(page)).to_have_text("SEK\xa035.00")
    page.evaluate(age, 60.01)
    page.reload()

    expect_heading(page, "What would you like?")
    expect(bar_total(page)).to_be_hidden()
    assert page.evaluate(STORED) == []


@pytest.mark.parametrize("storage", WITHOUT_STORAGE)
def test_basket_of_a_browser_without_storage_survives_language_change_and_cancelling(
    stack: Stack, open_browser: OpenBrowser, storage: str
) -> None:
    page = open_browser().new_page()
    page.add_init_script(WITHOUT_STORAGE[storage])
    order_without_app(page, stack.scan())
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("link", name="Back to the menu").click()
    expect(bar_total(page)).to_have_text("SEK\xa035.00")

    page.get_by_role("link", name="Svenska").click()

    expect_heading(page, "Vad får det lov att vara?")
    expect(bar_total(page)).to_have_text("35,00\xa0kr")


def test_stored_basket_that_is_damaged_is_ignored(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    open_menu(page, scan)
    choose(page, "Cinnamon bun")
    [name] = page.evaluate("Object.keys(localStorage)")

    for text in ("{", "null", '{"rows": 3}', json.dumps({"rows": [{"product": 1}], "at": 1e15})):
        page.evaluate("([name, text]) => localStorage.setItem(name, text)", [name, text])
        page.reload()
        expect_heading(page, "What would you like?")
        expect(bar_total(page)).to_be_hidden()


def test_order_of_another_device_does_not_take_the_basket_along(
    stack: Stack, page: Page, open_browser: OpenBrowser, console: Console
) -> None:
    console.expected.append("409")
    scan = stack.scan()
    block_app(page)
    open_menu(page, scan)
    choose(page, "Filter coffee")
    other = open_browser().new_page()
    reference = order_without_app(other, stack.scan(scan.msisdn))

    submit_order(page)
    expect(page.get_by_text("You already have an unpaid order.")).to_be_visible()
    assert number_on(page) == number_on(other)
    page.reload()
    expect_heading(page, "Pay in SEQR")
    stack.sandbox.pay(reference, scan.token)
    expect_heading(page, "Paid, thank you!")
    page.get_by_role("link", name="Back to the menu").click()

    expect(bar_total(page)).to_have_text("SEK\xa032.00")
