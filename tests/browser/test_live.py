"""How a page hears that its order is paid: by the stream, and without one all the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import order_and_stay, sees

pytestmark = pytest.mark.browser

ORDER = re.compile(r"/orders/[0-9a-f-]{36}$")
RETURN_STATE = re.compile(r"/return/[\w-]+\.json$")
EVENTS = re.compile(r"/events$")


def refuse(route: Route) -> None:
    route.fulfill(status=503, json={"error": "unavailable", "message": ""})


def refuse_and_note(page: Page, address: re.Pattern[str]) -> list[Request]:
    """Refuse what the page asks at this address; return the list that tells of it."""
    asked: list[Request] = []

    def note(route: Route) -> None:
        asked.append(route.request)
        refuse(route)

    page.route(address, note)
    return asked


# A stream that says nothing but that the shop's poller sleeps.
ASLEEP = """
    const ask = window.fetch;
    const word = new TextEncoder().encode('event: poller\\ndata: {"stalled": true}\\n\\n');
    const headers = {"Content-Type": "text/event-stream"};
    const start = (stream) => setInterval(() => stream.enqueue(word), 300);
    window.fetch = (url, options) => /events$/.test(url)
        ? Promise.resolve(new Response(new ReadableStream({start}), {headers}))
        : ask(url, options);
"""


def keep(_route: Route) -> None:
    """Do as a proxy that hands nothing on before it has all of it."""


def test_a_page_hears_of_its_payment_without_asking(
    stack: Stack, page: Page, console: Console
) -> None:
    scan = stack.scan()
    asked = refuse_and_note(page, ORDER)
    with page.expect_response(EVENTS) as stream:
        reference = order_and_stay(page, scan)

    stack.sandbox.pay(reference, scan.token)

    sees(page, "Paid, thank you!")
    assert stream.value.headers["content-type"].startswith("text/event-stream")
    assert asked == []


@pytest.mark.parametrize("spoil", [refuse, keep])
def test_without_a_stream_a_page_asks(
    stack: Stack, page: Page, console: Console, spoil: Callable[[Route], None]
) -> None:
    console.expected.append("503")
    page.route(EVENTS, spoil)
    scan = stack.scan()
    reference = order_and_stay(page, scan)

    stack.sandbox.pay(reference, scan.token)

    sees(page, "Paid, thank you!")


def test_while_the_poller_sleeps_a_page_says_that_it_checks_and_asks(
    stack: Stack, page: Page
) -> None:
    page.add_init_script(ASLEEP)
    scan = stack.scan()
    reference = order_and_stay(page, scan)
    expect(page.locator("#notice")).to_have_text("Checking your order …")

    stack.sandbox.pay(reference, scan.token)

    sees(page, "Paid, thank you!")
    expect(page.locator("#notice")).to_be_empty()


def test_a_page_that_wakes_asks_at_once_and_opens_a_new_stream(stack: Stack, page: Page) -> None:
    order_and_stay(page, stack.scan())

    with page.expect_response(EVENTS), page.expect_response(ORDER):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    sees(page, "Pay in SEQR")
    expect(page.locator("#notice")).to_be_empty()


def test_the_page_of_a_returning_browser_hears_of_the_payment_too(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    reference = order_and_stay(page, scan)
    back_url = stack.sandbox.invoice(reference)["back_url"]
    returned = page.context.new_page()
    asked = refuse_and_note(returned, RETURN_STATE)
    returned.goto(back_url)
    sees(returned, "Pay in SEQR")

    stack.sandbox.pay(reference, scan.token)

    sees(returned, "Paid, thank you!")
    assert asked == []


def test_what_has_not_changed_is_not_announced_again(stack: Stack, page: Page) -> None:
    order_and_stay(page, stack.scan())
    page.evaluate(
        """() => {
            window.announced = 0;
            const count = (changes) => { window.announced += changes.length; };
            for (const region of document.querySelectorAll("[role=status]"))
                new MutationObserver(count).observe(
                    region, {subtree: true, childList: true, characterData: true});
        }"""
    )

    with page.expect_response(ORDER):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(500)

    assert page.evaluate("window.announced") == 0
