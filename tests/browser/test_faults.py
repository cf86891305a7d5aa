"""Expired tokens, double taps, lost connections and an unavailable SEQR."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import (
    MAX_FETCH_RETRIES,
    app_is_opened,
    block_app,
    choose,
    client_invoice_ids,
    expect_heading,
    has_no_fragment,
    number_on,
    open_basket,
    open_menu,
    order_without_app,
    submit_order,
)

pytestmark = pytest.mark.browser

NO_CONNECTION = "No connection. Trying"


def test_expired_token_asks_to_scan_again(stack: Stack, page: Page, console: Console) -> None:
    console.expected.append("401")

    page.goto(f"{stack.url}/lyktan/order#0000002012-00000000")

    expect_heading(page, "Scan the code again")
    expect(page.locator("#scan [data-reason]")).to_have_text("This link has expired.")
    assert has_no_fragment(page)


@pytest.mark.parametrize("status", [401, 403])
def test_scan_of_another_shop_is_shown_with_its_reason(
    stack: Stack, page: Page, console: Console, status: int
) -> None:
    console.expected.append(str(status))
    sentence = "You have scanned the code of another shop."
    error = {"error": "other_shop", "message": sentence}
    page.route("**/lyktan/session", lambda route: route.fulfill(status=status, json=error))

    page.goto(stack.scan().order_url)

    expect_heading(page, "Scan the code again")
    expect(page.get_by_text(sentence)).to_be_visible()


def test_fragment_that_is_no_token_asks_to_scan_again(stack: Stack, page: Page) -> None:
    for fragment in ("x", "%3Cscript%3E", "a_b_c", "0000002012-1_<img>"):
        page.goto(f"{stack.url}/lyktan/order?{fragment}#{fragment}")

        expect_heading(page, "Scan the code again")


def test_cancel_of_an_order_that_is_paid_meanwhile_shows_the_payment(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected += ["503", "409"]
    held: list[Route] = []
    page.route(re.compile(r"/events$"), lambda route: route.fulfill(status=503, json={}))
    reference = order_without_app(page, stack.scan())
    expect_heading(page, "Pay in SEQR")
    page.route(re.compile(r"/orders/[0-9a-f-]{36}$"), lambda route: held.extend([route]))
    stack.sandbox.pay(reference)
    is_paid = "SELECT 1 FROM payments_invoice WHERE invoice_reference = %s AND status = 'PAID'"
    while not stack.read(is_paid, reference):
        page.wait_for_timeout(50)

    page.get_by_role("button", name="Cancel the order").click()

    expect_heading(page, "Paid, thank you!")
    expect(page.locator("#notice")).to_have_text("This order is already paid.")


def test_two_tabs_and_a_double_tap_create_one_order(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("409")
    scan = stack.scan()
    second = page.context.new_page()
    for tab in (page, second):
        block_app(tab)
        open_menu(tab, scan)
        choose(tab, "Cinnamon bun")

    open_basket(page)
    page.get_by_role("button", name="Order and pay").dblclick()
    expect_heading(page, "Pay in SEQR")
    submit_order(second)

    expect(second.get_by_text("You already have an unpaid order.")).to_be_visible()
    assert number_on(second) == number_on(page)
    assert len(client_invoice_ids(stack, number_on(page))) == 1


def test_order_with_a_lost_response_is_sent_again_without_cookies(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected += ["ERR_FAILED", "401"]
    block_app(page)
    page.clock.install()
    open_menu(page, stack.scan())
    page.context.clear_cookies()
    choose(page, "Cinnamon bun")
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(json.loads(route.fetch(max_retries=MAX_FETCH_RETRIES).text())["number"])
        route.abort()

    page.route("**/lyktan/orders", lose_the_first)
    with app_is_opened(page):
        submit_order(page)
        expect(page.get_by_text(NO_CONNECTION)).to_be_visible()
        page.clock.fast_forward("00:02")

    expect_heading(page, "Pay in SEQR")
    assert number_on(page) == lost[0]
    assert len(client_invoice_ids(stack, lost[0])) == 1

    page.context.clear_cookies()
    page.reload()
    expect_heading(page, "Scan the code again")


def test_lost_connection_is_not_shown_as_a_failed_payment(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("ERR_INTERNET_DISCONNECTED")
    scan = stack.scan()
    reference = order_without_app(page, scan)

    page.context.set_offline(True)
    expect(page.get_by_text(NO_CONNECTION)).to_be_visible()
    expect_heading(page, "Pay in SEQR")
    stack.sandbox.pay(reference, scan.token)
    page.context.set_offline(False)

    expect_heading(page, "Paid, thank you!")
    expect(page.get_by_text(NO_CONNECTION)).to_be_hidden()


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ((503, "seqr_unavailable"), "SEQR is unavailable. Trying again …"),
        ((503, "payments_paused"), "Message of the shop."),
        ((429, "too_many_requests"), "Message of the shop."),
        ((500, "server_error"), "No connection. Trying again …"),
    ],
    ids=["SEQR unavailable", "payments paused", "too many requests", "server error"],
)
def test_page_says_why_no_session_starts_and_retries(
    stack: Stack, page: Page, console: Console, answer: tuple[int, str], shown: str
) -> None:
    status, code = answer
    error = {"error": code, "message": "Message of the shop."}
    console.expected.append(str(status))
    page.route(
        "**/lyktan/session",
        lambda route: route.fulfill(status=status, json=error, headers={"Retry-After": "1"}),
        times=1,
    )

    page.clock.install()
    page.goto(stack.scan().order_url)

    expect(page.locator("#notice")).to_have_text(shown)
    page.clock.fast_forward("00:02")
    expect_heading(page, "What would you like?")
    expect(page.locator("#notice")).to_be_empty()


def test_page_retries_no_sooner_than_the_shop_asks_for(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("503")
    error = {"error": "temporarily_unavailable", "message": ""}
    page.route(
        "**/lyktan/session",
        lambda route: route.fulfill(status=503, json=error, headers={"Retry-After": "3600"}),
        times=1,
    )
    page.clock.install()
    page.goto(stack.scan().order_url)
    expect(page.get_by_text(NO_CONNECTION)).to_be_visible()

    page.clock.fast_forward("59:00")
    with page.expect_request("**/lyktan/session"):
        page.clock.fast_forward("01:00")

    expect_heading(page, "What would you like?")


def test_answer_of_a_networks_sign_in_page_is_no_connection(stack: Stack, page: Page) -> None:
    page.route(
        "**/lyktan/session",
        lambda route: route.fulfill(content_type="text/html", body="<h1>Welcome to our Wi-Fi</h1>"),
        times=1,
    )
    page.clock.install()
    page.goto(stack.scan().order_url)
    expect(page.get_by_text(NO_CONNECTION)).to_be_visible()

    page.clock.fast_forward("00:02")

    expect_heading(page, "What would you like?")


def test_fragment_that_is_no_token_ends_the_session_of_an_open_page(
    stack: Stack, page: Page
) -> None:
    open_menu(page, stack.scan())

    page.evaluate("location.hash = 'x'")

    expect_heading(page, "Scan the code again")
    expect(page.locator("#scan [data-reason]")).to_have_text("This link has expired.")
    assert has_no_fragment(page)
