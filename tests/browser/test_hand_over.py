"""Into the app; and where none opens, what helps."""

from __future__ import annotations

import io
import json
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import (
    choose,
    open_menu,
    order_and_stay,
    press_order,
    reference_on,
    sees,
)

pytestmark = pytest.mark.browser

ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) AppleWebKit/605.1 Version/17.5 Safari/604.1"
ANDROID_APP = "Mozilla/5.0 (Linux; Android 10; K; wv) AppleWebKit/537.36 Version/4.0 Chrome/131.0"
IPHONE_APP = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) AppleWebKit/605.1 Mobile/15E148"
PLAY_STORE = "https://play.google.com/store/search?q=SEQR&c=apps"
APP_STORE = "https://appstore.com/seqr"


def be_on(page: Page, user_agent: str) -> None:
    """Have the page take its device for another."""
    page.evaluate(
        "told => Object.defineProperty(navigator, 'userAgent', {value: told, configurable: true})",
        user_agent,
    )


def open_app_and_wait(page: Page, meanwhile: str = "null") -> None:
    """Tap the way into the app, which leads nowhere, and wait for as long as an app may take."""
    page.get_by_role("link", name="Open SEQR").click()
    page.evaluate(meanwhile)
    page.clock.fast_forward(2_500)


def code_on(page: Page) -> str:
    """Return what another phone reads from the screen."""
    drawing = page.get_by_role("img", name="QR code for this order")
    expect(drawing).to_be_visible()
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawing.screenshot())))
    return found.text


def test_where_no_app_opens_a_computer_shows_a_code_and_a_phone_its_store(
    stack: Stack, page: Page
) -> None:
    page.clock.install()
    help_offered = page.locator("[data-app-help]")
    reference = order_and_stay(page, stack.scan())
    expect(help_offered).to_be_hidden()
    page.clock.fast_forward(2_500)

    assert code_on(page) == f"HTTP://SEQR.SE/R{reference}"
    expect(page.get_by_role("link", name="Open SEQR again")).to_be_visible()
    expect(page.get_by_role("link", name="Get SEQR")).to_be_hidden()

    for phone, store in ((ANDROID, PLAY_STORE), (IPHONE, APP_STORE)):
        be_on(page, phone)
        open_app_and_wait(page)
        expect(page.get_by_role("link", name="Get SEQR")).to_have_attribute("href", store)

    stack.sandbox.pay(reference)
    page.clock.fast_forward(1_000)
    sees(page, "Paid, thank you!")
    expect(help_offered).to_be_hidden()


def test_an_app_that_has_opened_raises_no_alarm(stack: Stack, page: Page) -> None:
    page.clock.install()
    be_on_phone = (
        f"Object.defineProperty(navigator, 'userAgent', {{value: '{ANDROID}', configurable: true}})"
    )
    page.add_init_script(be_on_phone)
    order_and_stay(page, stack.scan())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.fast_forward(2_500)
    expect(page.locator("[data-app-help]")).to_be_hidden()

    open_app_and_wait(page, "window.dispatchEvent(new Event('pagehide'))")
    expect(page.locator("[data-app-help]")).to_be_hidden()
    for inside_an_app in (ANDROID_APP, IPHONE_APP):
        be_on(page, inside_an_app)
        open_app_and_wait(page)
        expect(page.locator("[data-app-help]")).to_be_hidden()

    be_on(page, ANDROID)
    open_app_and_wait(page)
    expect(page.get_by_role("link", name="Get SEQR")).to_be_visible()


def test_a_computer_is_not_sent_to_an_address_that_only_phones_know_and_a_phone_is(
    stack: Stack, page: Page, console: Console
) -> None:
    def as_in_production(route: Route) -> None:
        answer = route.fetch()
        body = re.sub(r'"https?:[^"]*/app/R', '"seqr://SEQR.SE/R', answer.text())
        route.fulfill(response=answer, json=json.loads(body))

    console.expected.append("ERR_FAILED")
    page.route("**/events", lambda route: route.abort())  # the page asks instead
    page.route(re.compile(r"/orders/[0-9a-f-]{36}$"), as_in_production)
    page.clock.install()
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")

    press_order(page)
    sees(page, "Pay in SEQR")
    reference = reference_on(page)
    assert code_on(page) == f"HTTP://SEQR.SE/R{reference}"
    link = page.get_by_role("link", name="Open SEQR", exact=True)
    expect(link).to_have_attribute("href", f"seqr://SEQR.SE/R{reference}")

    be_on(page, ANDROID)
    open_app_and_wait(page)
    expect(page.get_by_role("link", name="Get SEQR")).to_have_attribute("href", PLAY_STORE)
    sees(page, "Pay in SEQR")


def test_who_comes_back_without_having_paid_is_led_to_the_order_which_opens_the_app_again(
    stack: Stack, page: Page
) -> None:
    scan = stack.scan()
    reference = order_and_stay(page, scan)
    back_url = stack.sandbox.invoice(reference)["back_url"]
    page.goto(back_url)
    sees(page, "Pay in SEQR")
    expect(page.get_by_role("link", name="Open SEQR")).to_have_count(0)

    page.get_by_role("link", name="Pay this order").click()
    expect(page.get_by_role("link", name="Open SEQR")).to_be_visible()
    assert reference_on(page) == reference

    page.goto(back_url)
    stack.sandbox.act(reference, "cancel", scan.token)
    sees(page, "Cancelled")
    expect(page.get_by_role("link", name="Pay this order")).to_be_hidden()
