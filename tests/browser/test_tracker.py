"""From the payment to the order that is served: the customer's page follows the kitchen."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.browsers import OPTIONS, new_browser_context
from tests.browser.conftest import Console, OpenBrowser
from tests.browser.kitchen import open_board, press, sign_in
from tests.browser.kitchen import place_order as place_order_by_api
from tests.browser.stack import Stack
from tests.browser.steps import (
    MAX_FETCH_RETRIES,
    expect_heading,
    number_on,
    order_without_app,
)

pytestmark = pytest.mark.browser

MAX_SECONDS_TO_PAGE = 1.0
EVENTS = re.compile(r"/events$")
ORDER = re.compile(r"/orders/[0-9a-f-]{36}$")
# Records when the page's title and its sounds change, by the page's clock.
WATCH = """
    window.shown = {};
    const record = () => { shown[document.title] ??= Date.now(); };
    addEventListener("DOMContentLoaded", () => new MutationObserver(record).observe(
        document.querySelector("title"), { childList: true, characterData: true, subtree: true }));
    let tones = 0;
    window.sounds = [];
    const { start, stop } = OscillatorNode.prototype;
    OscillatorNode.prototype.start = function (when) {
        document.documentElement.dataset.tones = ++tones;
        sounds.push({ hertz: this.frequency.value, starts: when });
        start.call(this, when);
    };
    OscillatorNode.prototype.stop = function (when) {
        sounds.at(-1).stops = when;
        stop.call(this, when);
    };
    window.vibrations = [];
    navigator.vibrate = (pattern) => vibrations.push(pattern);
"""
TONES_HZ = [784, 988, 1319]
TONE_SECONDS = 0.22
SHOW_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def kitchen(open_browser: OpenBrowser, stack: Stack) -> Page:
    """The kitchen board of a cook who is signed in."""
    context = open_browser(viewport={"width": 1024, "height": 768})
    sign_in(context, stack)
    return open_board(context, stack)


def pay_for_an_order(stack: Stack, page: Page) -> str:
    """Order and pay as the customer of this page; return the order's number."""
    page.add_init_script(WATCH)
    scan = stack.scan()
    reference = order_without_app(page, scan)
    stack.sandbox.pay(reference, scan.token)
    expect_heading(page, "Paid, thank you!")
    return number_on(page)


def test_customer_sees_each_step_within_a_second_of_the_kitchens_tap(
    stack: Stack, page: Page, kitchen: Page
) -> None:
    number = pay_for_an_order(stack, page)

    pressed = {}
    for button, word, heading in (
        ("Start", "Preparing", "We are preparing your order"),
        ("Ready", "Ready", "Your order is ready"),
        ("Serve", "Served", "Enjoy!"),
    ):
        pressed[f"{word} · {number}"] = press(kitchen, number, button)
        expect_heading(page, heading)

    shown = page.evaluate("shown")
    delays = {title: (shown[title] - at) / 1000 for title, at in pressed.items()}
    assert max(delays.values()) < MAX_SECONDS_TO_PAGE, delays


def test_step_that_the_kitchen_undoes_is_taken_back_on_the_page(
    stack: Stack, page: Page, kitchen: Page
) -> None:
    number = pay_for_an_order(stack, page)
    press(kitchen, number, "Start")
    press(kitchen, number, "Ready")
    expect(page).to_have_title(f"Ready · {number}")

    kitchen.wait_for_timeout(600)
    kitchen.locator("#kitchen-undo").get_by_role("button", name="Undo").click()

    expect(page).to_have_title(f"Preparing · {number}")
    expect_heading(page, "We are preparing your order")


def test_sound_is_played_once_when_the_order_is_ready_if_it_is_switched_on(
    stack: Stack, page: Page, kitchen: Page
) -> None:
    number = pay_for_an_order(stack, page)
    html = page.locator("html")
    button = page.get_by_role("button", name="Sound when it's ready")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(html).to_have_attribute("data-tones", "3")  # so that the customer hears it
    expect(button).to_have_attribute("aria-pressed", "true")

    press(kitchen, number, "Start")
    expect_heading(page, "We are preparing your order")
    expect(html).to_have_attribute("data-tones", "3")
    press(kitchen, number, "Ready")

    expect(html).to_have_attribute("data-tones", "6")
    expect(button).to_be_hidden()
    sounds = page.evaluate("sounds")
    assert [each["hertz"] for each in sounds] == TONES_HZ * 2
    first, second, third = sounds[:3]
    assert first["stops"] == pytest.approx(first["starts"] + TONE_SECONDS)
    assert second["starts"] == pytest.approx(first["stops"])
    assert third["starts"] == pytest.approx(second["stops"])
    assert page.evaluate("vibrations") == [[200, 100, 200]] * 2
    for _ in range(2):  # an answer that changes nothing
        with page.expect_response(ORDER):
            page.evaluate(SHOW_AGAIN)
    expect(html).to_have_attribute("data-tones", "6")


def test_sound_that_is_switched_off_again_is_not_played(
    stack: Stack, page: Page, kitchen: Page
) -> None:
    number = pay_for_an_order(stack, page)
    button = page.get_by_role("button", name="Sound when it's ready")
    button.click()
    expect(page.locator("html")).to_have_attribute("data-tones", "3")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")

    press(kitchen, number, "Start")
    press(kitchen, number, "Ready")

    expect_heading(page, "Your order is ready")
    expect(page.locator("html")).to_have_attribute("data-tones", "3")


def test_page_shows_the_usual_time_until_a_minute_after_it(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("ERR_FAILED")
    page.clock.install()
    pay_for_an_order(stack, page)
    estimate = page.locator("#order [data-estimate]")
    usual: list[int | None] = [None]  # the last one is of the next answer

    def answer(route: Route) -> None:
        if not usual:
            route.abort()
            return
        minutes = usual[-1]
        order = route.fetch(max_retries=MAX_FETCH_RETRIES).json()
        route.fulfill(json=order | {"estimate_minutes": minutes})
        if minutes is not None:
            usual.clear()

    page.route(EVENTS, lambda route: route.abort())
    page.route(ORDER, answer)
    page.evaluate(SHOW_AGAIN)
    expect(estimate).to_have_attribute("hidden", "")
    usual.append(8)
    page.evaluate(SHOW_AGAIN)
    expect(estimate).to_have_text("Usually ready in about 8 min")
    page.clock.fast_forward("08:30")
    expect(estimate).to_have_text("Usually ready in about 8 min")
    page.clock.fast_forward("00:31")

    expect(estimate).to_have_text("It is taking a little longer than usual.")


def test_page_of_a_served_order_shows_that_it_was_undone_by_slow_polling(
    stack: Stack, page: Page
) -> None:
    page.clock.install()
    number = pay_for_an_order(stack, page)
    order = int(number) - 1000
    stack.write("UPDATE orders_order SET state = 'served', served_at = now() WHERE id = %s", order)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page).to_have_title(f"Served · {number}")
    page.clock.run_for(6_000)  # the stream ends, and the page waits

    stack.write(
        "UPDATE orders_order SET state = 'ready', served_at = NULL, ready_at = now() WHERE id = %s",
        order,
    )
    with page.expect_response(EVENTS):
        page.clock.run_for(31_000)

    expect(page).to_have_title(f"Ready · {number}")


def test_page_without_a_stream_polls_the_kitchen_every_five_seconds(
    stack: Stack, open_browser: OpenBrowser, console: Console
) -> None:
    console.expected.append("503")
    page = open_browser().new_page()
    page.route(EVENTS, lambda route: route.fulfill(status=503, json={"error": "x", "message": ""}))
    page.clock.install()
    number = pay_for_an_order(stack, page)
    polls: list[Route] = []

    def count(route: Route) -> None:
        polls.append(route)
        route.continue_()

    page.route(ORDER, count)
    for _ in range(4):
        page.clock.run_for(5_000)
        page.wait_for_timeout(100)

    assert 2 <= len(polls) <= 6, number


def test_expired_session_leaves_the_number_of_a_paid_order_on_the_screen(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("401")
    number = pay_for_an_order(stack, page)

    stack.write("UPDATE orders_customersession SET expires_at = now()")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("#notice")).to_contain_text("no longer updated")
    assert number_on(page) == number
    expect_heading(page, "Paid, thank you!")


def test_return_page_follows_the_kitchen(stack: Stack, page: Page, kitchen: Page) -> None:
    scan, reference, number = place_order_by_api(stack)
    page.goto(stack.sandbox.invoice(reference)["back_url"])
    expect_heading(page, "Pay in SEQR")
    stack.sandbox.pay(reference, scan.token)
    expect(page).to_have_title(f"Paid · {number}")

    press(kitchen, number, "Start")

    expect(page).to_have_title(f"Preparing · {number}")
    expect(page.locator(".steps.kitchen")).to_be_visible()
    waiting = page.get_by_text("This page shows when your order is ready.")
    final = page.get_by_text("You can close this page.")
    expect(waiting).to_be_visible()
    expect(final).to_be_hidden()
    expect(page.locator("[data-total]")).to_have_text("SEK\xa032.00")
    receipt = page.get_by_role("link", name="Receipt", exact=True).get_attribute("href")
    assert receipt
    expect(page.get_by_role("link", name="Save as PDF")).to_have_attribute("href", f"{receipt}.pdf")
    expect(page.locator("#main")).to_have_attribute("data-progress", "preparing")
    press(kitchen, number, "Ready")
    press(kitchen, number, "Serve")
    expect(final).to_be_visible()
    expect(waiting).to_be_hidden()


def test_page_that_the_browser_keeps_streams_again_when_it_is_shown(
    stack: Stack, chromium: Browser
) -> None:
    """Leaving ends the stream, and the back button opens another, without a reload.

    Chromium without windows keeps no page.
    """
    browser = chromium.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=OPTIONS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    page = new_browser_context(browser).new_page()
    number = pay_for_an_order(stack, page)
    page.evaluate("window.isKept = true")

    with page.expect_event("requestfailed", lambda request: bool(EVENTS.search(request.url))):
        page.get_by_role("link", name="My orders").click()
    page.get_by_role("button", name=f"{number} · Paid").wait_for()
    stack.write(
        "UPDATE orders_order SET state = 'ready', ready_at = now() WHERE id = %s",
        int(number) - 1000,
    )
    page.evaluate("history.back()")  # go_back waits for "load", which a kept page does not repeat

    expect(page).to_have_title(f"Ready · {number}")
    assert page.evaluate("window.isKept")
    browser.close()
