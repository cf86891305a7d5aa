"""The customer's pages by keyboard alone, on a desktop, on a phone and at a zoom of 400 %."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, ViewportSize, expect

from tests.browser.browsers import DESKTOP, PHONE, SMALL_PHONE, ZOOMED
from tests.browser.conftest import Console, OpenBrowser
from tests.browser.layout import focus_fault, layout_faults
from tests.browser.menus import Session, change_session, with_options
from tests.browser.stack import Stack
from tests.browser.steps import (
    bar_total,
    basket_row,
    choose,
    expect_heading,
    open_basket,
    open_menu,
    order_without_app,
    product_row,
    wait_until,
)

pytestmark = pytest.mark.browser

MAX_TAB_STOPS = 60


@pytest.fixture
def raise_price(stack: Stack) -> Iterator[Callable[[], None]]:
    """Return a function that raises the bun's price; the change is undone after the test."""
    statement = "UPDATE orders_product SET price = %s WHERE sku = 'BAK-01'"
    yield lambda: stack.write(statement, 36)
    stack.write(statement, 35)


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press the key until the target has the focus; check that each focus is visible."""
    target.wait_for()
    for _ in range(MAX_TAB_STOPS):
        page.keyboard.press(key)
        assert focus_fault(page) == ""
        if target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"the keyboard does not reach {target}")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, ZOOMED], ids=["desktop", "phone", "zoomed"])
def test_keyboard_is_enough_from_the_menu_to_the_receipt(
    stack: Stack, open_browser: OpenBrowser, viewport: ViewportSize
) -> None:
    page = open_browser(viewport=viewport).new_page()
    page.route(re.compile(r"/app/R\d+$"), lambda route: route.fulfill(status=204), times=1)
    page.goto(stack.scan().order_url)
    expect_heading(page, "What would you like?")
    expect(page.locator("#menu h1")).to_be_focused()

    more = product_row(page, "Cinnamon bun").get_by_role("button", name="Add one")
    less = product_row(page, "Cinnamon bun").get_by_role("button", name="Remove one")
    tab_to(page, more)
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    tab_to(page, less, "Shift+Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(more).to_be_focused()  # since the other button is disabled at 0
    page.keyboard.press("Enter")
    if viewport != DESKTOP:  # there, the basket stands beside the menu
        tab_to(page, page.get_by_role("button", name="View order"))
        page.keyboard.press("Enter")
        expect(page.locator("#basket h2")).to_be_focused()
        wait_until(page, "document.getAnimations().length === 0")  # the sheet rises
        assert layout_faults(page) == []
    tab_to(page, page.get_by_role("button", name="Order and pay"))
    page.keyboard.press("Enter")

    expect_heading(page, "Pay in SEQR")
    expect(page.locator("#order h1")).to_be_focused()
    assert layout_faults(page) == []
    tab_to(page, page.get_by_role("link", name="Open SEQR"))
    page.keyboard.press("Enter")
    page.get_by_label("PIN").focus()  # the sandbox's page, which is not tested here
    page.keyboard.type("1234")
    page.keyboard.press("Enter")

    expect_heading(page, "Paid, thank you!")
    expect(page.locator("#order h1")).to_be_focused()
    tab_to(page, page.get_by_role("link", name="Receipt", exact=True))
    page.keyboard.press("Enter")
    expect_heading(page, "Receipt")
    tab_to(page, page.get_by_role("link", name="Save as PDF"))
    assert layout_faults(page) == []


def test_rejected_order_does_not_move_the_focus(
    stack: Stack, page: Page, console: Console, raise_price: Callable[[], None]
) -> None:
    console.expected.append("409")
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    open_basket(page)
    order = page.get_by_role("button", name="Order and pay")
    order.focus()

    raise_price()
    page.keyboard.press("Enter")

    expect(basket_row(page, "Cinnamon bun")).to_contain_text("The price was SEK\xa035.00.")
    expect(order).to_be_focused()


def test_reloaded_menu_moves_neither_the_focus_nor_the_page(stack: Stack, page: Page) -> None:
    page.set_viewport_size(SMALL_PHONE)
    page.clock.install()
    open_menu(page, stack.scan())
    more = product_row(page, "Cinnamon bun").get_by_role("button", name="Add one")
    more.focus()
    more.evaluate("button => { button.dataset.before = '' }")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(more).not_to_be_in_viewport()
    scroll = page.evaluate("scrollY")

    page.clock.fast_forward("01:01")
    with page.expect_response("**/lyktan/session"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(more).not_to_have_attribute("data-before", "")

    expect(more).to_be_focused()
    assert page.evaluate("scrollY") == scroll
    page.keyboard.press("Enter")
    expect(bar_total(page)).to_have_text("SEK\xa035.00")


def test_focus_moves_to_the_heading_when_its_element_disappears(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    reference = order_without_app(page, scan)
    page.get_by_role("link", name="Open SEQR").focus()

    stack.sandbox.pay(reference, scan.token)

    expect_heading(page, "Paid, thank you!")
    expect(page.locator("#order h1")).to_be_focused()


def test_focus_that_has_moved_on_stays_when_the_shop_takes_orders_again(
    stack: Stack, page: Page
) -> None:
    def closed(session: Session) -> None:
        session["unavailable_message"] = "We are closed."

    held: list[Route] = []
    change_session(page, closed)
    open_menu(page, stack.scan())
    page.route("**/lyktan/session", lambda route: held.extend([route]), times=1)
    retry, link = page.get_by_role("button", name="Try again"), page.get_by_role("link").first
    with page.expect_request("**/lyktan/session"):
        retry.click()
    change_session(page, with_options)
    link.focus()

    held[0].continue_()

    expect(retry).to_be_hidden()
    expect(link).to_be_focused()
