"""From the printed code to the receipt."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenBrowser, Stack
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


def test_a_customer_scans_orders_pays_and_sees_the_receipt(stack: Stack, page: Page) -> None:
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

    sees(page, "Paid, thank you!")
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


def test_a_payment_that_came_to_nothing_can_be_made_again_or_left(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    open_menu(page, scan)
    choose(page, "Cappuccino")
    press_order(page)
    page.get_by_label("PIN").wait_for()
    page.get_by_role("button", name="Cancel", exact=True).click()

    sees(page, "Cancelled")
    assert page.url == f"{stack.url}/lyktan/cancel"
    page.get_by_role("button", name="Pay again").click()
    page.get_by_label("PIN").wait_for()
    second = page.url.rpartition("/R")[2]
    page.goto(stack.sandbox.act(second, "fail", scan.token)["redirect_url"])

    sees(page, "The payment failed")
    assert page.url == f"{stack.url}/lyktan/failure"
    page.get_by_role("link", name="Back to the menu").click()
    sees(page, "What would you like?")
    assert page.url == f"{stack.url}/lyktan/order"


def test_an_order_cancelled_on_the_page_keeps_what_was_chosen(stack: Stack, page: Page) -> None:
    reference = order_and_stay(page, stack.scan())

    page.get_by_role("button", name="Cancel the order").click()
    sees(page, "Cancelled")
    page.get_by_role("link", name="Back to the menu").click()

    sees(page, "What would you like?")
    expect(page.get_by_role("button", name="One less Cinnamon bun")).to_be_enabled()
    assert stack.sandbox.invoice(reference)["status"] == "CANCELED"


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
    sees(other, "No order found")

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
