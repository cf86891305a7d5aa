"""A page shows a payment by its event stream, or by polling where there is none."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import Console, OpenBrowser
from tests.browser.stack import Stack
from tests.browser.steps import APP, expect_heading, order_without_app

pytestmark = pytest.mark.browser

ORDER = re.compile(r"/orders/[0-9a-f-]{36}$")
RETURN_STATE = re.compile(r"/return/[\w-]+\.json$")
EVENTS = re.compile(r"/events$")


def reject(route: Route) -> None:
    route.fulfill(status=503, json={"error": "unavailable", "message": ""})


def reject_and_record(page: Page, address: re.Pattern[str]) -> list[Request]:
    """Reject requests of this address; return the list that they are recorded in."""
    requests: list[Request] = []

    def record(route: Route) -> None:
        requests.append(route.request)
        reject(route)

    page.route(address, record)
    return requests


# A stream with nothing but the event that the poller has stalled.
STALLED_POLLER_STREAM = """
    const fetchReally = window.fetch;
    const event = new TextEncoder().encode('event: poller\\ndata: {"stalled": true}\\n\\n');
    const headers = {"Content-Type": "text/event-stream"};
    const start = (stream) => setInterval(() => stream.enqueue(event), 300);
    window.fetch = (url, options) => /events$/.test(url)
        ? Promise.resolve(new Response(new ReadableStream({start}), {headers}))
        : fetchReally(url, options);
"""


def buffer(_route: Route) -> None:
    """Act as a proxy that buffers the whole response before it passes it on."""


def test_page_with_a_stream_shows_the_payment_without_polling(
    stack: Stack, page: Page, console: Console
) -> None:
    scan = stack.scan()
    requests = reject_and_record(page, ORDER)
    with page.expect_response(EVENTS) as stream:
        reference = order_without_app(page, scan)

    stack.sandbox.pay(reference, scan.token)

    expect_heading(page, "Paid, thank you!")
    assert stream.value.headers["content-type"].startswith("text/event-stream")
    assert requests == []


@pytest.mark.parametrize("spoil", [reject, buffer])
def test_page_without_a_stream_polls(
    stack: Stack, page: Page, console: Console, spoil: Callable[[Route], None]
) -> None:
    console.expected.append("503")
    page.route(EVENTS, spoil)
    scan = stack.scan()
    reference = order_without_app(page, scan)

    stack.sandbox.pay(reference, scan.token)

    expect_heading(page, "Paid, thank you!")


def test_page_opens_no_stream_before_the_time_that_a_full_shop_names(
    stack: Stack, open_browser: OpenBrowser, console: Console
) -> None:
    console.expected.append("503")
    page = open_browser().new_page()
    streams: list[Request] = []

    def refuse(route: Route) -> None:
        streams.append(route.request)
        error = {"error": "temporarily_unavailable", "message": ""}
        route.fulfill(status=503, json=error, headers={"Retry-After": "60"})

    page.route(EVENTS, refuse)
    page.clock.install()
    order_without_app(page, stack.scan())

    page.clock.run_for(40_000)
    before = len(streams)
    with page.expect_request(EVENTS):
        page.clock.run_for(30_000)

    assert before == 1


def test_page_polls_and_says_so_while_the_poller_is_stalled(stack: Stack, page: Page) -> None:
    page.add_init_script(STALLED_POLLER_STREAM)
    scan = stack.scan()
    reference = order_without_app(page, scan)
    expect(page.locator("#notice")).to_have_text("Checking your order …")

    stack.sandbox.pay(reference, scan.token)

    expect_heading(page, "Paid, thank you!")
    expect(page.locator("#notice")).to_be_empty()


@pytest.mark.parametrize(
    "event",
    [
        "document.dispatchEvent(new Event('visibilitychange'))",
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
        "dispatchEvent(new Event('online'))",
        "dispatchEvent(new Event('offline'))",
    ],
    ids=["visible", "shown again", "online", "offline"],
)
def test_page_that_wakes_polls_at_once_and_opens_a_new_stream(
    stack: Stack, page: Page, event: str
) -> None:
    order_without_app(page, stack.scan())

    with page.expect_response(EVENTS), page.expect_response(ORDER):
        page.evaluate(event)

    expect_heading(page, "Pay in SEQR")
    expect(page.locator("#notice")).to_be_empty()


def test_return_page_shows_the_payment_without_polling(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    reference = order_without_app(page, scan)
    back_url = stack.sandbox.invoice(reference)["back_url"]
    returned = page.context.new_page()
    requests = reject_and_record(returned, RETURN_STATE)
    returned.goto(back_url)
    expect_heading(returned, "Pay in SEQR")

    stack.sandbox.pay(reference, scan.token)

    expect_heading(returned, "Paid, thank you!")
    assert requests == []


def test_unchanged_order_is_not_announced_and_opens_no_app_again(stack: Stack, page: Page) -> None:
    order_without_app(page, stack.scan())
    page.evaluate(
        """() => {
            window.announced = 0;
            const count = (changes) => { window.announced += changes.length; };
            for (const region of document.querySelectorAll("[role=status]"))
                new MutationObserver(count).observe(
                    region, {subtree: true, childList: true, characterData: true});
        }"""
    )

    opened: list[Request] = []
    page.on("request", lambda request: opened.append(request) if APP.search(request.url) else None)

    with page.expect_response(ORDER):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(500)

    assert page.evaluate("window.announced") == 0
    assert opened == []


def test_unpaid_order_that_is_loaded_again_opens_no_app(stack: Stack, page: Page) -> None:
    order_without_app(page, stack.scan())
    opened: list[Request] = []
    page.on("request", lambda request: opened.append(request) if APP.search(request.url) else None)

    with page.expect_response(EVENTS):
        page.reload()
    page.get_by_role("link", name="Open SEQR").wait_for()

    expect_heading(page, "Pay in SEQR")
    assert opened == []
