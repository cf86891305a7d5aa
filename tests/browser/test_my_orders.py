"""A customer finds an order again: above the menu after another scan, and in the list of orders."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsers import DESKTOP
from tests.browser.conftest import Console, OpenBrowser
from tests.browser.kitchen import open_board, press, sign_in
from tests.browser.menus import change_session, with_many_products
from tests.browser.stack import Scan, Stack
from tests.browser.steps import (
    AFTER_A_FRAME,
    basket_row,
    choose,
    expect_heading,
    has_no_fragment,
    number_on,
    open_basket,
    open_menu,
    order_without_app,
)

pytestmark = pytest.mark.browser


def paid_order(stack: Stack, page: Page) -> tuple[Scan, int]:
    """Order a cinnamon bun and pay; return the scan and the order's number."""
    scan = stack.scan()
    reference = order_without_app(page, scan)
    stack.sandbox.pay(reference, scan.token)
    expect_heading(page, "Paid, thank you!")
    return scan, int(number_on(page))


SERVE = "UPDATE orders_order SET state = 'served', served_at = now() WHERE id = %s"


def test_another_scan_shows_the_awaited_order_above_the_menu_until_it_is_served(
    stack: Stack, page: Page, open_browser: OpenBrowser
) -> None:
    scan, number = paid_order(stack, page)
    kitchen = open_browser()
    sign_in(kitchen, stack)
    board = open_board(kitchen, stack)

    page.goto("about:blank")
    open_menu(page, stack.scan(scan.msisdn))
    awaited = page.get_by_role("button", name=f"Your order {number}")
    expect(awaited).to_have_text(f"Your order {number} · paid")
    press(board, str(number), "Start")
    expect(awaited).to_have_text(f"Your order {number} · preparing")
    awaited.click()
    expect_heading(page, "We are preparing your order")
    page.get_by_role("link", name="Back to the menu").click()
    expect(awaited).to_be_visible()
    stack.write(SERVE, number - 1000)  # which no message announces to the page
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(awaited).to_be_hidden()


def test_customer_returns_from_a_paid_order_to_a_menu_that_shows_it(
    stack: Stack, page: Page
) -> None:
    _, number = paid_order(stack, page)

    page.get_by_role("link", name="Back to the menu").click()

    expect(page.get_by_role("button", name=f"Your order {number} · paid")).to_be_visible()


def test_both_awaited_orders_are_shown_and_another_customers_is_not(
    stack: Stack, page: Page, open_browser: OpenBrowser
) -> None:
    scan, first = paid_order(stack, page)
    paid_order(stack, open_browser().new_page())
    page.goto("about:blank")
    again = stack.scan(scan.msisdn)
    reference = order_without_app(page, again)
    stack.sandbox.pay(reference, again.token)
    expect_heading(page, "Paid, thank you!")
    second = int(number_on(page))

    page.goto("about:blank")
    open_menu(page, stack.scan(scan.msisdn))

    expect(page.locator("[data-awaited] button")).to_have_text(
        [f"Your order {second} · paid", f"Your order {first} · paid"]
    )


def test_scan_into_an_open_menu_follows_its_awaited_order_only_once(
    stack: Stack, page: Page
) -> None:
    scan, number = paid_order(stack, page)
    page.goto("about:blank")
    followed: list[str] = []
    page.on("request", lambda each: followed.extend([each.url] * each.url.endswith("/events")))
    open_menu(page, stack.scan(scan.msisdn))
    awaited = page.get_by_role("button", name=f"Your order {number}")
    awaited.wait_for()

    change_session(page, with_many_products)  # so that the new menu differs
    again = stack.scan(scan.msisdn)
    page.evaluate("fragment => { location.hash = fragment }", again.token)
    expect(page.get_by_role("searchbox")).to_be_visible()
    page.evaluate(AFTER_A_FRAME)

    expect(awaited).to_be_visible()
    assert len(followed) == 1


def test_script_of_awaited_orders_is_loaded_only_where_there_is_one(
    stack: Stack, page: Page
) -> None:
    loaded: list[str] = []
    page.on("request", lambda each: loaded.append(each.url))

    open_menu(page, stack.scan())
    page.evaluate(AFTER_A_FRAME)

    assert not any("awaited-orders" in url for url in loaded)


def test_list_shows_an_order_and_the_phones_back_button_leads_back_to_it(
    stack: Stack, page: Page
) -> None:
    _, number = paid_order(stack, page)
    page.get_by_role("link", name="My orders").click()

    expect_heading(page, "Today")
    expect(page.locator("#my-orders [data-none]")).to_be_hidden()
    listed = page.locator("#my-orders li")
    expect(listed).to_have_attribute("data-progress", "paid")
    expect(listed.locator("[data-total]")).to_have_text("SEK\xa035.00")
    contents = re.compile(r"^\d\d:\d\d · .*Cinnamon bun$")
    expect(listed.locator("[data-contents]")).to_have_text(contents)
    page.get_by_role("button", name=f"{number} · Paid").click()
    expect_heading(page, "Paid, thank you!")
    page.go_back()
    expect_heading(page, "My orders")
    page.get_by_role("button", name=f"{number} · Paid").click()
    page.get_by_role("link", name="Back to my orders").click()

    expect_heading(page, "My orders")
    expect(page).to_have_title("My orders · Kafé Lyktan")
    expect(page.get_by_role("link", name="Receipt")).to_be_visible()


def test_order_again_fills_the_basket(stack: Stack, page: Page) -> None:
    paid_order(stack, page)
    page.get_by_role("link", name="My orders").click()

    page.get_by_role("link", name="Order again").click()

    expect(basket_row(page, "Cinnamon bun")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert has_no_fragment(page)


def test_order_again_on_a_wide_screen_opens_no_sheet_over_the_basket_beside_the_menu(
    stack: Stack, page: Page
) -> None:
    page.set_viewport_size(DESKTOP)
    paid_order(stack, page)
    page.get_by_role("link", name="My orders").click()

    page.get_by_role("link", name="Order again").click()
    expect(basket_row(page, "Cinnamon bun")).to_be_visible()

    page.get_by_role("button", name="Add one Filter coffee").click()  # nothing lies over the menu
    expect(page.locator("#basket [data-rows] li")).to_have_count(2)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_order_again_adds_to_the_basket_and_says_what_is_sold_out(stack: Stack, page: Page) -> None:
    _, _ = paid_order(stack, page)
    page.get_by_role("link", name="Back to the menu").click()
    choose(page, "Filter coffee")
    page.get_by_role("link", name="My orders").click()
    stack.write("UPDATE orders_product SET sold_out = true WHERE name_en = 'Cinnamon bun'")
    try:
        page.get_by_role("link", name="Order again").click()

        missing = page.get_by_text("Not available now, and not in your basket: Cinnamon bun")
        expect(missing).to_be_visible()
        open_basket(page)
        expect(page.locator("#basket [data-rows] li")).to_have_count(1)
        expect(basket_row(page, "Filter coffee")).to_be_visible()
    finally:
        stack.write("UPDATE orders_product SET sold_out = false WHERE name_en = 'Cinnamon bun'")


def test_list_works_in_a_web_view_without_cookies(
    stack: Stack, open_browser: OpenBrowser, console: Console
) -> None:
    context = open_browser()
    page = context.new_page()
    _, number = paid_order(stack, page)
    context.clear_cookies()

    page.get_by_role("link", name="My orders").click()
    expect(page.get_by_role("button", name=f"{number} · Paid")).to_be_visible()
    context.clear_cookies()
    page.get_by_role("link", name="Order again").click()

    expect(basket_row(page, "Cinnamon bun")).to_be_visible()
    assert has_no_fragment(page)


def test_list_of_an_expired_session_asks_to_scan_again(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("401")
    page.goto(f"{stack.url}/lyktan/my-orders#0000002012-00000000")

    expect_heading(page, "Scan the code again")


def test_order_of_somebody_else_in_the_address_fills_no_basket(
    stack: Stack, page: Page, open_browser: OpenBrowser, console: Console
) -> None:
    console.expected.append("404")
    _, number = paid_order(stack, open_browser().new_page())
    [(order,)] = stack.read("SELECT public_id FROM orders_order WHERE id = %s", number - 1000)
    open_menu(page, stack.scan())

    with page.expect_response(lambda response: str(order) in response.url):
        page.goto(f"{stack.url}{urlsplit(page.url).path}#again={order}")

    expect_heading(page, "What would you like?")
    expect(page.locator("#basket [data-rows] li")).to_have_count(0)
