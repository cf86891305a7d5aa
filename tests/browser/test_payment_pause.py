"""SEQR rejects our settings: the pages show it, and resume when the settings are correct."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsers import SMALL_PHONE, WAIT_MS
from tests.browser.conftest import Console, OpenBrowser
from tests.browser.stack import Stack
from tests.browser.steps import (
    MAX_FETCH_RETRIES,
    basket_row,
    block_app,
    choose,
    open_menu,
    submit_order,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def correct_settings(stack: Stack) -> Iterator[Callable[[], None]]:
    """Return a function after which SEQR accepts our settings, and a probe is due."""

    def correct() -> None:
        stack.sandbox.clear_faults()
        stack.write("UPDATE payments_paymentpause SET next_probe_at = now()")

    yield correct
    correct()


def test_unsent_order_and_menu_resume_when_settings_are_corrected(
    stack: Stack,
    page: Page,
    open_browser: OpenBrowser,
    correct_settings: Callable[[], None],
    console: Console,
) -> None:
    other = open_browser(locale="sv-SE", viewport=SMALL_PHONE).new_page()
    more, closed = other.locator(".products [data-more]"), other.locator(".closed p")
    stack.sandbox.fault("sendInvoice", "result_code", code=20)
    block_app(page)
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")

    submit_order(page)
    expect(page.get_by_text("Your order is sent to SEQR when payments resume")).to_be_visible()
    other.goto(stack.scan().order_url)
    expect(closed).to_contain_text("Betalningen är pausad.")
    expect(more).to_have_count(0)
    other.get_by_role("button", name="Försök igen").click()
    expect(closed).to_be_visible()
    correct_settings()

    heading = page.get_by_role("heading", name="Pay in SEQR")
    expect(heading).to_be_visible(timeout=2 * WAIT_MS)  # recovery runs every 5 seconds
    other.get_by_role("button", name="Försök igen").click()
    expect(closed).to_be_hidden()
    expect(more.first).to_be_enabled()
    assert other.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE["width"]


def test_payment_pause_while_the_customer_chooses_keeps_the_basket(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("503")
    page.clock.install()
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    sentence = "Payments are paused."
    refusal = {"error": "shop_unavailable", "message": sentence}
    page.route("**/lyktan/orders", lambda route: route.fulfill(status=503, json=refusal))
    page.route(
        "**/lyktan/session",
        lambda route: route.fulfill(
            json=route.fetch(max_retries=MAX_FETCH_RETRIES).json()
            | {"unavailable_message": sentence}
        ),
        times=1,
    )

    submit_order(page)
    closed = page.locator("#basket [data-closed]")
    expect(closed).to_have_text(sentence)
    expect(page.get_by_role("button", name="Order and pay")).to_be_disabled()
    page.clock.fast_forward("00:20")  # the page tries again by itself

    expect(closed).to_be_hidden()
    expect(basket_row(page, "Cinnamon bun")).to_be_visible()
    expect(page.get_by_role("button", name="Order and pay")).to_be_enabled()
