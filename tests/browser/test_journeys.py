"""A customer's way from the printed code to the paid order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.browsers import SIZES
from tests.browser.conftest import OpenBrowser
from tests.browser.layout import layout_faults
from tests.browser.stack import Stack
from tests.browser.steps import (
    bar_total,
    block_app,
    choose,
    expect_heading,
    has_no_fragment,
    number_on,
    open_basket,
    open_menu,
    order_without_app,
    product_row,
    submit_order,
)

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _pages_move(page: Page) -> None:
    """Let pages move, as they do for most customers; in other tests they do not."""
    page.emulate_media(reduced_motion="no-preference")


@pytest.fixture(params=SIZES.values(), ids=list(SIZES))
def sized_page(request: pytest.FixtureRequest, page: Page) -> Page:
    """A page on a small phone, a phone and a desktop."""
    page.set_viewport_size(request.param)
    return page


@pytest.fixture
def paused(stack: Stack) -> Iterator[None]:
    """Pause the shop during the test."""
    stack.write("UPDATE orders_shop SET paused = true, pause_note_en = 'Back at two.'")
    yield
    stack.write("UPDATE orders_shop SET paused = false, pause_note_en = ''")


def expect_heading_and_layout(page: Page, heading: str) -> None:
    """Wait until the page shows this heading, and check its layout on each screen."""
    expect_heading(page, heading)
    for name, size in SIZES.items():
        page.set_viewport_size(size)
        assert layout_faults(page) == [], name


def click(target: Locator) -> None:
    """Click an element that can be clicked on each screen."""
    for size in SIZES.values():
        target.page.set_viewport_size(size)
        target.click(trial=True)
    target.click()


def test_customer_scans_orders_pays_and_sees_the_paid_order(stack: Stack, sized_page: Page) -> None:
    page = sized_page
    page.goto(stack.sandbox.phone_url)
    page.get_by_role("button", name=re.compile("Kafé Lyktan")).click()
    expect_heading(page, "What would you like?")
    expect(page.get_by_text("Table 4", exact=True)).to_be_visible()
    assert has_no_fragment(page)

    choose(page, "Cinnamon bun", 2)
    choose(page, "Filter coffee")
    open_basket(page)
    expect(page.locator("#basket output[data-total]")).to_have_text("SEK\xa0102.00")
    submit_order(page)
    page.get_by_label("PIN").fill("1234")
    page.get_by_role("button", name=re.compile("^Pay")).click()

    expect_heading(page, "Paid, thank you!")
    assert layout_faults(page) == []
    assert has_no_fragment(page)
    assert page.url == f"{stack.url}/lyktan/success"
    expect(page.get_by_role("row", name=re.compile("2 × Cinnamon bun"))).to_be_visible()
    invoice = stack.sandbox.invoices()[-1]
    assert invoice["footer"] == f"Order {number_on(page)}"
    assert invoice["confirmed_at"]
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    number = number_on(page)
    page.reload()
    expect_heading(page, "Paid, thank you!")
    assert number_on(page) == number


def test_order_whose_payment_failed_can_be_paid_again_or_left(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    open_menu(page, scan)
    choose(page, "Filter coffee")
    submit_order(page)
    page.get_by_label("PIN").wait_for()
    page.get_by_role("button", name="Cancel", exact=True).click()

    expect_heading_and_layout(page, "Cancelled")
    assert page.url == f"{stack.url}/lyktan/cancel"
    click(page.get_by_role("button", name="Try paying again"))
    page.get_by_label("PIN").wait_for()
    second = page.url.rpartition("/R")[2]
    page.goto(stack.sandbox.act(second, "fail", scan.token)["redirect_url"])

    expect_heading_and_layout(page, "The payment failed")
    assert page.url == f"{stack.url}/lyktan/failure"
    click(page.get_by_role("link", name="Back to the menu"))
    expect_heading(page, "What would you like?")
    assert page.url == f"{stack.url}/lyktan/order"


def test_order_cancelled_on_the_page_keeps_the_basket(stack: Stack, page: Page) -> None:
    reference = order_without_app(page, stack.scan())
    held: list[Route] = []
    page.route("**/cancel", lambda route: held.extend([route]))

    cancel = page.get_by_role("button", name="Cancel the order")
    click(cancel)
    expect(cancel).to_be_disabled()
    held[0].continue_()
    expect_heading_and_layout(page, "Cancelled")
    expect(page.get_by_role("button", name="Try paying again")).to_be_enabled()
    click(page.get_by_role("link", name="Back to the menu"))

    expect_heading(page, "What would you like?")
    expect(product_row(page, "Cinnamon bun").get_by_text("1", exact=True)).to_be_visible()
    assert stack.sandbox.invoice(reference)["status"] == "CANCELED"


def test_customer_who_scans_again_finds_the_open_order_until_it_times_out(
    stack: Stack, page: Page
) -> None:
    scan = stack.scan()
    reference = order_without_app(page, scan)
    number = number_on(page)
    page.goto("about:blank")

    page.goto(stack.scan(scan.msisdn).order_url)
    expect_heading_and_layout(page, "Pay in SEQR")
    assert number_on(page) == number
    stack.sandbox.act(reference, "expire")

    expect_heading_and_layout(page, "Timed out")
    expect(page.get_by_role("button", name="Try paying again")).to_be_visible()


def test_paused_shop_shows_it_before_the_customer_chooses(
    stack: Stack, page: Page, paused: None
) -> None:
    page.goto(stack.scan().order_url)

    expect_heading_and_layout(page, "What would you like?")
    expect(page.locator(".closed p")).to_have_text(
        "We are not taking orders right now. Back at two."
    )
    assert page.get_by_role("button", name="Add one").count() == 0


def test_all_pages_show_the_true_state_of_the_order(
    stack: Stack, page: Page, open_browser: OpenBrowser
) -> None:
    scan = stack.scan()
    reference = order_without_app(page, scan)
    success = open_browser(locale="sv-SE").new_page()
    success.goto(f"{stack.url}/lyktan/success#{scan.token}_{reference}")
    expect_heading(success, "Betala i SEQR")
    back = success.context.new_page()
    success.context.clear_cookies()
    back.goto(stack.sandbox.invoice(reference)["back_url"])
    expect_heading(back, "Betala i SEQR")

    stack.sandbox.pay(reference, scan.token)

    expect_heading(page, "Paid, thank you!")
    expect_heading(success, "Betalt, tack!")
    expect_heading(back, "Betalt, tack!")
    assert number_on(success) == number_on(back) == number_on(page)
    assert has_no_fragment(success)
    assert scan.msisdn not in back.content() + success.content()
    back.goto(f"{stack.url}/lyktan/cancel#{scan.token}")
    expect_heading(back, "Betalt, tack!")


def test_open_order_is_found_by_its_customer_only(
    stack: Stack, page: Page, open_browser: OpenBrowser
) -> None:
    scan = stack.scan()
    reference = order_without_app(page, scan)
    other = open_browser().new_page()
    block_app(other)

    other.goto(f"{stack.url}/lyktan/success#{stack.scan().token}_{reference}")
    expect_heading(other, "We couldn't find your order")

    other.goto(stack.scan(scan.msisdn).order_url)
    expect_heading(other, "Pay in SEQR")
    assert number_on(other) == number_on(page)


def test_scan_in_an_open_order_page_starts_a_new_session(stack: Stack, page: Page) -> None:
    open_menu(page, stack.scan())
    choose(page, "Filter coffee")

    page.evaluate("fragment => { location.hash = fragment }", stack.scan().token)

    expect_heading(page, "What would you like?")
    expect(bar_total(page)).to_be_hidden()
    assert has_no_fragment(page)
