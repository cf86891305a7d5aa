"""What a customer does and sees, in a few words each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.browser.stack import Scan, Stack

APP = re.compile(r"/app/R\d+$")


def open_menu(page: Page, scan: Scan) -> None:
    """Come to the order page as from the app."""
    page.goto(scan.order_url)
    expect(page.get_by_role("heading", name="What would you like?")).to_be_visible()


def choose(page: Page, name: str, times: int = 1) -> None:
    """Take one more of a product, so many times."""
    for _ in range(times):
        page.get_by_role("button", name=f"Add one {name}").click()


def press_order(page: Page) -> None:
    """Press the button below the menu."""
    page.get_by_role("button", name="Order and pay").click()


def stay_here(page: Page) -> None:
    """Act as a browser on a machine without the app: its address leads nowhere."""
    page.route(APP, lambda route: route.fulfill(status=204))


@contextmanager
def opens_the_app(page: Page) -> Iterator[None]:
    """Wait until the page has tried to open the app, which leads nowhere.

    Before that, whatever leaves the page or loads it anew would be stopped by it.
    """
    with page.expect_event("requestfailed", lambda request: APP.search(request.url) is not None):
        yield


def place_order(page: Page) -> None:
    """Press the button, and wait until the page says how to pay and nothing moves any more."""
    with opens_the_app(page):
        press_order(page)
    sees(page, "Pay in SEQR")


def sees(page: Page, heading: str) -> None:
    """Wait until the page says how the order stands."""
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()


def order_and_stay(page: Page, scan: Scan) -> str:
    """Order a cinnamon bun and stay on the page; return the invoice's reference."""
    stay_here(page)
    open_menu(page, scan)
    choose(page, "Cinnamon bun")
    place_order(page)
    return reference_on(page)


def reference_on(page: Page) -> str:
    """Return the reference that the button into the app leads to."""
    target = page.locator("#order [data-open-app]").get_attribute("href") or ""
    return target.rpartition("/R")[2]


def number_on(page: Page) -> str:
    """Return the order's number as the page shows it."""
    return page.locator(".number strong").inner_text()


def fragmentless(page: Page) -> bool:
    """Whether the address bar is free of any token."""
    return urlsplit(page.url).fragment == ""


def numbers_at_seqr(stack: Stack, number: str) -> list[str]:
    """Return the shop's own numbers of the invoices that SEQR has for this order."""
    invoices = stack.sandbox.invoices()
    return [each["client_invoice_id"] for each in invoices if each["footer"] == f"Order {number}"]
