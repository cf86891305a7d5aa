"""Doubt, haste, and bad connections."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import (
    choose,
    fragmentless,
    number_on,
    numbers_at_seqr,
    open_menu,
    opens_the_app,
    order_and_stay,
    press_order,
    sees,
    stay_here,
)

pytestmark = pytest.mark.browser

NO_CONNECTION = "No connection. Trying"


def test_an_expired_token_asks_to_scan_again(stack: Stack, page: Page, console: Console) -> None:
    console.expected.append("401")

    page.goto(f"{stack.url}/lyktan/order#0000002012-00000000")

    sees(page, "Scan the code again")
    assert fragmentless(page)


def test_a_scan_at_another_shop_is_told_from_one_that_is_over(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("401")
    sentence = "You have scanned the code of another shop."
    refusal = {"error": "other_shop", "message": sentence}
    page.route("**/lyktan/session", lambda route: route.fulfill(status=401, json=refusal))

    page.goto(stack.scan().order_url)

    sees(page, "Scan the code again")
    expect(page.get_by_text(sentence)).to_be_visible()


def test_what_is_no_token_asks_to_scan_again(stack: Stack, page: Page) -> None:
    for fragment in ("x", "%3Cscript%3E", "a_b_c", "0000002012-1_<img>"):
        page.goto(f"{stack.url}/lyktan/order?{fragment}#{fragment}")

        sees(page, "Scan the code again")


def test_two_tabs_and_a_double_tap_make_one_order(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("409")
    scan = stack.scan()
    second = page.context.new_page()
    for tab in (page, second):
        stay_here(tab)
        open_menu(tab, scan)
        choose(tab, "Cinnamon bun")

    page.get_by_role("button", name="Order and pay").dblclick()
    sees(page, "Pay in SEQR")
    press_order(second)

    expect(second.get_by_text("You already have an unpaid order.")).to_be_visible()
    assert number_on(second) == number_on(page)
    assert len(numbers_at_seqr(stack, number_on(page))) == 1


def test_a_lost_answer_is_asked_for_again_and_the_token_does_without_cookies(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected += ["ERR_FAILED", "401"]
    stay_here(page)
    page.clock.install()
    open_menu(page, stack.scan())
    page.context.clear_cookies()
    choose(page, "Cinnamon bun")
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(json.loads(route.fetch().text())["number"])
        route.abort()

    page.route("**/lyktan/orders", lose_the_first)
    with opens_the_app(page):
        press_order(page)
        expect(page.get_by_text(NO_CONNECTION)).to_be_visible()
        page.clock.fast_forward("00:02")

    sees(page, "Pay in SEQR")
    assert number_on(page) == lost[0]
    assert len(numbers_at_seqr(stack, lost[0])) == 1

    page.context.clear_cookies()
    page.reload()
    sees(page, "Scan the code again")


def test_a_lost_connection_is_never_called_a_failure(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("ERR_INTERNET_DISCONNECTED")
    scan = stack.scan()
    reference = order_and_stay(page, scan)

    page.context.set_offline(True)
    expect(page.get_by_text(NO_CONNECTION)).to_be_visible()
    sees(page, "Pay in SEQR")
    stack.sandbox.pay(reference, scan.token)
    page.context.set_offline(False)

    sees(page, "Paid, thank you!")
    expect(page.get_by_text(NO_CONNECTION)).to_be_hidden()


def test_while_seqr_is_down_the_page_says_so_and_goes_on_trying(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("503")
    away = {"error": "seqr_unavailable", "message": ""}
    page.route(
        "**/lyktan/session",
        lambda route: route.fulfill(status=503, json=away, headers={"Retry-After": "1"}),
        times=1,
    )

    page.clock.install()
    page.goto(stack.scan().order_url)

    expect(page.get_by_text("SEQR is unavailable")).to_be_visible()
    page.clock.fast_forward("00:02")
    sees(page, "What would you like?")
