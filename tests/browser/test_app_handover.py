"""Opening the SEQR app, and the help where it does not open."""

from __future__ import annotations

import io
import json
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.browsers import DESKTOP
from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import (
    MAX_FETCH_RETRIES,
    choose,
    expect_heading,
    open_menu,
    order_without_app,
    reference_on,
    submit_order,
)

pytestmark = pytest.mark.browser

ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) AppleWebKit/605.1 Version/17.5 Safari/604.1"
ANDROID_APP = "Mozilla/5.0 (Linux; Android 10; K; wv) AppleWebKit/537.36 Version/4.0 Chrome/131.0"
IPHONE_APP = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) AppleWebKit/605.1 Mobile/15E148"
MACINTOSH = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1 Safari/605.1"
SET_TOUCH_POINTS = """value => Object.defineProperty(
    navigator, "maxTouchPoints", { value, configurable: true },
)"""
PLAY_STORE = "https://play.google.com/store/search?q=SEQR&c=apps"
APP_STORE = "https://appstore.com/seqr"


def set_user_agent(page: Page, user_agent: str) -> None:
    """Set the user agent by which the page recognises its device."""
    page.evaluate(
        "value => Object.defineProperty(navigator, 'userAgent', {value, configurable: true})",
        user_agent,
    )


def open_app_and_fail(page: Page, meanwhile: str = "null") -> None:
    """Tap the link to the missing app, and wait until the page gives up waiting for it."""
    page.get_by_role("link", name="Open SEQR").click()
    page.evaluate(meanwhile)
    page.clock.fast_forward(2_500)


def read_qr_code(page: Page) -> str:
    """Return the content of the QR code on the screen."""
    drawing = page.get_by_role("img", name="QR code for this order")
    expect(drawing).to_be_visible()
    size = drawing.locator("path").evaluate("path => path.getBBox().width")
    framed = f"-4 -4 {size + 8} {size + 8}"  # with a border of four
    expect(drawing).to_have_attribute("viewBox", framed)
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawing.screenshot())))
    return found.text


def test_without_the_app_a_computer_shows_a_qr_code_and_a_phone_its_app_store(
    stack: Stack, page: Page
) -> None:
    page.clock.install()
    help_offered = page.locator("[data-app-help]")
    reference = order_without_app(page, stack.scan())
    expect(help_offered).to_be_hidden()
    page.clock.fast_forward(2_500)

    assert read_qr_code(page) == f"HTTP://SEQR.SE/R{reference}"
    expect(page.get_by_role("link", name="Open SEQR again")).to_be_visible()
    expect(page.get_by_role("link", name="Get SEQR")).to_be_hidden()

    for phone, store in ((ANDROID, PLAY_STORE), (IPHONE, APP_STORE)):
        set_user_agent(page, phone)
        open_app_and_fail(page)
        expect(page.get_by_role("link", name="Get SEQR")).to_have_attribute("href", store)
    for touch_points, is_phone in ((1, False), (2, True)):
        set_user_agent(page, MACINTOSH)
        page.evaluate(SET_TOUCH_POINTS, touch_points)
        open_app_and_fail(page)
        expect(page.get_by_role("link", name="Get SEQR")).to_be_visible(visible=is_phone)

    stack.sandbox.pay(reference)
    page.clock.fast_forward(1_000)
    expect_heading(page, "Paid, thank you!")
    expect(help_offered).to_be_hidden()


def test_code_that_the_shop_does_not_have_is_requested_once(stack: Stack, page: Page) -> None:
    page.clock.install()
    requested: list[str] = []

    def without_code(route: Route) -> None:
        requested.append(route.request.url)
        route.fulfill(json={"code": None})

    page.route(re.compile("/qr$"), without_code)
    order_without_app(page, stack.scan())
    with page.expect_response(re.compile("/qr$")):
        page.clock.fast_forward(2_500)
    expect(page.get_by_role("link", name="Open SEQR again")).to_be_visible()

    open_app_and_fail(page)

    expect(page.get_by_role("img", name="QR code for this order")).to_be_hidden()
    assert len(requested) == 1


def test_page_offers_no_help_while_the_browser_asks_whether_to_open_the_app(
    stack: Stack, page: Page
) -> None:
    page.clock.install()
    page.add_init_script("document.hasFocus = () => window.hasFocusNow ?? false")
    order_without_app(page, stack.scan())
    for _ in range(2):
        page.clock.fast_forward(2_500)
        expect(page.get_by_role("link", name="Open SEQR", exact=True)).to_be_visible()
        expect(page.locator("[data-app-help]")).to_be_hidden()

    page.evaluate("window.hasFocusNow = true")
    page.clock.fast_forward(2_500)

    expect(page.locator("[data-app-help]")).to_be_visible()


def test_page_offers_no_help_when_the_app_has_opened(stack: Stack, page: Page) -> None:
    page.clock.install()
    set_android = (
        f"Object.defineProperty(navigator, 'userAgent', {{value: '{ANDROID}', configurable: true}})"
    )
    page.add_init_script(set_android)
    order_without_app(page, stack.scan())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.fast_forward(2_500)
    expect(page.locator("[data-app-help]")).to_be_hidden()

    open_app_and_fail(page, "window.dispatchEvent(new Event('pagehide'))")
    expect(page.locator("[data-app-help]")).to_be_hidden()
    for web_view in (ANDROID_APP, IPHONE_APP):
        set_user_agent(page, web_view)
        open_app_and_fail(page)
        expect(page.locator("[data-app-help]")).to_be_hidden()

    set_user_agent(page, ANDROID)
    page.get_by_role("link", name="Open SEQR").click()
    page.clock.fast_forward(5_000)  # the phone has slept meanwhile
    expect(page.locator("[data-app-help]")).to_be_hidden()
    open_app_and_fail(page)
    expect(page.get_by_role("link", name="Get SEQR")).to_be_visible()
    expect(page.locator("#order [data-code]")).to_be_hidden()
    page.set_viewport_size(DESKTOP)  # a tablet has place for the code too
    open_app_and_fail(page)
    expect(page.locator("#order [data-code]")).to_be_visible()


def test_only_phones_are_sent_to_the_address_of_the_app(
    stack: Stack, page: Page, console: Console
) -> None:
    def as_in_production(route: Route) -> None:
        response = route.fetch(max_retries=MAX_FETCH_RETRIES)
        body = re.sub(r'"https?:[^"]*/app/R', '"seqr://SEQR.SE/R', response.text())
        route.fulfill(response=response, json=json.loads(body))

    console.expected.append("ERR_FAILED")
    page.route("**/events", lambda route: route.abort())  # the page polls instead
    page.route(re.compile(r"/orders/[0-9a-f-]{36}$"), as_in_production)
    page.clock.install()
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")

    submit_order(page)
    expect_heading(page, "Pay in SEQR")
    reference = reference_on(page)
    assert read_qr_code(page) == f"HTTP://SEQR.SE/R{reference}"
    link = page.get_by_role("link", name="Open SEQR", exact=True)
    expect(link).to_have_attribute("href", f"seqr://SEQR.SE/R{reference}")

    set_user_agent(page, ANDROID)
    open_app_and_fail(page)
    expect(page.get_by_role("link", name="Get SEQR")).to_have_attribute("href", PLAY_STORE)
    expect_heading(page, "Pay in SEQR")


def test_return_page_of_an_unpaid_order_links_to_the_order_which_opens_the_app(
    stack: Stack, page: Page
) -> None:
    scan = stack.scan()
    reference = order_without_app(page, scan)
    back_url = stack.sandbox.invoice(reference)["back_url"]
    page.goto(back_url)
    expect_heading(page, "Pay in SEQR")
    expect(page.get_by_role("link", name="Open SEQR")).to_have_count(0)

    page.get_by_role("link", name="Pay this order").click()
    expect(page.get_by_role("link", name="Open SEQR")).to_be_visible()
    assert reference_on(page) == reference

    page.goto(back_url)
    stack.sandbox.act(reference, "cancel", scan.token)
    expect_heading(page, "Cancelled")
    expect(page.get_by_role("link", name="Pay this order")).to_be_hidden()
