"""Steps of a customer, and the headings that the page shows after them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from playwright.sync_api import Locator, Page, expect

from tests.browser.browsers import WAIT_MS
from tests.browser.stack import Scan, Stack

APP = re.compile(r"/app/R\d+$")
# A kept-alive connection may be closed by the shop at the moment that `route.fetch` reuses it.
MAX_FETCH_RETRIES = 3
# A promise that is kept once the page has drawn what its scripts have changed.
AFTER_A_FRAME = """new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)));
})"""
_pages_without_app: WeakSet[Page] = WeakSet()


def open_menu(page: Page, scan: Scan) -> None:
    """Open the order page as the app does after a scan."""
    page.goto(scan.order_url)
    expect(page.get_by_role("heading", name="What would you like?")).to_be_visible()


def choose(page: Page, name: str, times: int = 1) -> None:
    """Add this many of a product to the basket, by its stepper in the menu."""
    for _ in range(times):
        product_row(page, name).get_by_role("button", name="Add one").click()


def product_row(page: Page, name: str) -> Locator:
    """Return a product's row in the menu."""
    return page.locator(".products li").filter(has=page.get_by_text(name, exact=True))


def product_button(page: Page, name: str) -> Locator:
    """Return the button with a product's name, which opens its sheet."""
    return product_row(page, name).locator("[data-open]")


def basket_row(page: Page, name: str) -> Locator:
    """Return a product's row in the basket."""
    return page.locator("#basket [data-rows] li").filter(has_text=name)


def bar_total(page: Page) -> Locator:
    """Return the total in the bar at the foot of the menu."""
    return page.locator("[data-bar-total]")


def open_basket(page: Page) -> None:
    """Open the basket by its total, unless it is open or stands beside the menu."""
    basket = page.locator("#basket")
    page.locator("[data-bar] button").or_(basket).filter(visible=True).first.wait_for()
    if not basket.is_visible():
        page.locator("[data-bar] button").click()
    basket.wait_for()


def add_latte(page: Page, *options: str, note: str = "") -> None:
    """Add an oat latte with these options and this note."""
    page.locator(".products").get_by_role("button", name="Add one Oat latte").click()
    sheet = page.get_by_role("dialog", name="Oat latte")
    for option in options:
        sheet.get_by_label(option).check()
    sheet.get_by_label("Note to the kitchen").fill(note)
    sheet.get_by_role("button", name="Add to order").click()
    expect(sheet).to_be_hidden()
    wait_until(page, "!history.state?.sheets")  # a reload meanwhile would be aborted


def submit_order(page: Page) -> None:
    """Press the button that orders, in the basket."""
    open_basket(page)
    page.locator("#basket [type=submit]").click()


def block_app(page: Page) -> None:
    """Act as a browser without the app: its address does nothing.

    `page.route` would hold up every request of the page, and turn off its cache.
    """
    if page in _pages_without_app:
        return
    _pages_without_app.add(page)
    devtools = page.context.new_cdp_session(page)

    def ignore(event: dict[str, Any]) -> None:
        devtools.send(
            "Fetch.fulfillRequest", {"requestId": event["requestId"], "responseCode": 204}
        )

    devtools.on("Fetch.requestPaused", ignore)
    devtools.send("Fetch.enable", {"patterns": [{"urlPattern": "*/app/R*"}]})


@contextmanager
def app_is_opened(page: Page) -> Iterator[None]:
    """Wait until the page has tried to open the blocked app.

    The attempt would stop a navigation or reload that began before it.
    """
    with page.expect_event("requestfailed", lambda request: APP.search(request.url) is not None):
        yield


def place_order(page: Page) -> None:
    """Submit the order, and wait until the page shows how to pay and has tried to open the app."""
    with app_is_opened(page):
        submit_order(page)
    expect_heading(page, "Pay in SEQR")


def expect_heading(page: Page, heading: str) -> None:
    """Wait until the page shows this heading."""
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()


def order_without_app(page: Page, scan: Scan) -> str:
    """Order a cinnamon bun in a browser without the app; return the invoice reference."""
    block_app(page)
    open_menu(page, scan)
    choose(page, "Cinnamon bun")
    place_order(page)
    return reference_on(page)


def reference_on(page: Page) -> str:
    """Return the invoice reference in the link to the app."""
    target = page.locator("#order [data-open-app]").get_attribute("href") or ""
    return target.rpartition("/R")[2]


def number_on(page: Page) -> str:
    """Return the order number that the page shows."""
    return page.locator(".number strong").inner_text()


def has_no_fragment(page: Page) -> bool:
    """Whether the address has no fragment, and so no token."""
    return urlsplit(page.url).fragment == ""


def client_invoice_ids(stack: Stack, number: str) -> list[str]:
    """Return the clientInvoiceId of each invoice that SEQR has of this order."""
    invoices = stack.sandbox.invoices()
    return [each["client_invoice_id"] for each in invoices if each["footer"] == f"Order {number}"]


def wait_until(page: Page, expression: str) -> None:
    """Wait until a JavaScript expression is true; the policy of our pages forbids it to Playwright.

    Raises TimeoutError.
    """
    deadline = time.monotonic() + WAIT_MS / 1000
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise TimeoutError(expression)
        page.wait_for_timeout(50)
