"""From the printed code to the receipt."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsers import SIZES
from tests.browser.conftest import OpenBrowser
from tests.browser.layout import layout_faults
from tests.browser.stack import Stack
from tests.browser.steps import (
    choose,
    fragmentless,
    number_on,
    open_menu,
    order_and_stay,
    press_order,
    sees,
    stay_here,
)

pytestmark = pytest.mark.browser


@pytest.fixture(params=SIZES.values(), ids=list(SIZES))
def sized(request: pytest.FixtureRequest, page: Page) -> Page:
    """A page on a small phone, on a phone, on a desktop."""
    page.set_viewport_size(request.param)
    return page


@pytest.fixture
def paused(stack: Stack) -> Iterator[None]:
    """The staff take no orders for a while."""
    stack.write("UPDATE orders_shop SET paused = true, pause_note_en = 'Back at two.'")
    yield
    stack.write("UPDATE orders_shop SET paused = false, pause_note_en = ''")


def sees_whole(page: Page, heading: str) -> None:
    """Wait until the page says how the order stands, in full on this screen."""
    sees(page, heading)
    assert layout_faults(page) == []


def test_a_customer_scans_orders_pays_and_sees_the_receipt(stack: Stack, sized: Page) -> None:
    page = sized
    page.goto(stack.sandbox.phone_url)
    page.get_by_role("button", name=re.compile("Kafé Lyktan")).click()
    sees(page, "What would you like?")
    expect(page.get_by_text("Table 4", exact=True)).to_be_visible()
    assert fragmentless(page)

    choose(page, "Cinnamon bun", 2)
    choose(page, "Filter coffee")
    expect(page.get_by_text("SEK\xa0102.00")).to_be_visible()
    press_order(page)
    page.get_by_label("PIN").fill("1234")
    page.get_by_role("button", name=re.compile("^Pay")).click()

    sees_whole(page, "Paid, thank you!")
    assert fragmentless(page)
    assert page.url == f"{stack.url}/lyktan/success"
    expect(page.get_by_role("row", name=re.compile("2 × Cinnamon bun"))).to_be_visible()
    invoice = stack.sandbox.invoices()[-1]
    assert invoice["footer"] == f"Order {number_on(page)}"
    assert invoice["confirmed_at"]
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    number = number_on(page)
    page.reload()
    sees(page, "Paid, thank you!")
    assert number_on(page) == number


def test_a_payment_that_came_to_nothing_can_be_made_again_or_left(
    stack: Stack, sized: Page
) -> None:
    page = sized
    scan = stack.scan()
    open_menu(page, scan)
    choose(page, "Cappuccino")
    press_order(page)
    page.get_by_label("PIN").wait_for()
    page.get_by_role("button", name="Cancel", exact=True).click()

    sees_whole(page, "Cancelled")
    assert page.url == f"{stack.url}/lyktan/cancel"
    page.get_by_role("button", name="Try paying again").click()
    page.get_by_label("PIN").wait_for()
    second = page.url.rpartition("/R")[2]
    page.goto(stack.sandbox.act(second, "fail", scan.token)["redirect_url"])

    sees_whole(page, "The payment failed")
    assert page.url == f"{stack.url}/lyktan/failure"
    page.get_by_role("link", name="Back to the menu").click()
    sees(page, "What would you like?")
    assert page.url == f"{stack.url}/lyktan/order"


def test_an_order_cancelled_on_the_page_keeps_what_was_chosen(stack: Stack, sized: Page) -> None:
    page = sized
    reference = order_and_stay(page, stack.scan())

    page.get_by_role("button", name="Cancel the order").click()
    sees_whole(page, "Cancelled")
    page.get_by_role("link", name="Back to the menu").click()

    sees(page, "What would you like?")
    expect(page.get_by_role("button", name="Remove one Cinnamon bun")).to_be_enabled()
    assert stack.sandbox.invoice(reference)["status"] == "CANCELED"


def test_who_leaves_and_comes_back_finds_the_order_until_its_time_runs_out(
    stack: Stack, sized: Page
) -> None:
    scan = stack.scan()
    reference = order_and_stay(sized, scan)
    number = number_on(sized)
    sized.goto("about:blank")

    sized.goto(stack.scan(scan.msisdn).order_url)
    sees_whole(sized, "Pay in SEQR")
    assert number_on(sized) == number
    stack.sandbox.act(reference, "expire")

    sees_whole(sized, "Timed out")
    expect(sized.get_by_role("button", name="Try paying again")).to_be_visible()


def test_a_closed_shop_says_so_before_one_has_chosen(
    stack: Stack, sized: Page, paused: None
) -> None:
    sized.goto(stack.scan().order_url)

    sees_whole(sized, "What would you like?")
    expect(sized.locator("#closed")).to_have_text(
        "We are not taking orders right now. Back at two."
    )
    expect(sized.get_by_role("button", name="Order and pay")).to_be_disabled()


def test_wherever_the_customer_looks_stands_the_true_state(
    stack: Stack, page: Page, open_browser: OpenBrowser
) -> None:
    scan = stack.scan()
    reference = order_and_stay(page, scan)
    success = open_browser(locale="sv-SE").new_page()
    success.goto(f"{stack.url}/lyktan/success#{scan.token}_{reference}")
    sees(success, "Betala i SEQR")
    back = success.context.new_page()
    success.context.clear_cookies()
    back.goto(stack.sandbox.invoice(reference)["back_url"])
    sees(back, "Betala i SEQR")

    stack.sandbox.pay(reference, scan.token)

    sees(page, "Paid, thank you!")
    sees(success, "Betalt, tack!")
    sees(back, "Betalt, tack!")
    assert number_on(success) == number_on(back) == number_on(page)
    assert fragmentless(success)
    assert scan.msisdn not in back.content() + success.content()
    back.goto(f"{stack.url}/lyktan/cancel#{scan.token}")
    sees(back, "Betalt, tack!")


def test_an_open_order_is_found_by_its_customer_and_nobody_else(
    stack: Stack, page: Page, open_browser: OpenBrowser
) -> None:
    scan = stack.scan()
    reference = order_and_stay(page, scan)
    other = open_browser().new_page()
    stay_here(other)

    other.goto(f"{stack.url}/lyktan/success#{stack.scan().token}_{reference}")
    sees(other, "We couldn't find your order")

    other.goto(stack.scan(scan.msisdn).order_url)
    sees(other, "Pay in SEQR")
    assert number_on(other) == number_on(page)


def test_a_scan_that_leads_to_the_page_that_is_open_begins_anew(stack: Stack, page: Page) -> None:
    open_menu(page, stack.scan())
    choose(page, "Cappuccino")

    page.evaluate("fragment => { location.hash = fragment }", stack.scan().token)

    sees(page, "What would you like?")
    expect(page.get_by_role("button", name="Order and pay")).to_be_visible()
    assert fragmentless(page)
