"""How often a page asks for its order: by its state, and by how its stream ends."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import Console
from tests.browser.customer import Customer
from tests.browser.order_states import open_order
from tests.browser.stack import Stack
from tests.browser.steps import expect_heading, order_without_app, wait_until
from tests.grids import tried

pytestmark = pytest.mark.browser

ORDER = re.compile(r"/orders/[0-9a-f-]{36}$")
EVENTS = re.compile(r"/events$")
# Records the delay of each timer that the page starts, in milliseconds.
RECORD_TIMERS = """
  window.timers = new Set();
  const start = window.setTimeout;
  window.setTimeout = (callback, delay) => {
    timers.add(delay);
    return start(callback, delay);
  };
"""
HIDDEN = 'Object.defineProperty(document, "hidden", {value: true, configurable: true});'
SHOW_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
POLL_DELAYS = {1_000, 5_000, 30_000}
# How many milliseconds a page without a stream waits before it asks again; None: it does not.
DELAYS = {
    "created": 1_000,
    "sending": 1_000,
    "awaiting_payment": 1_000,
    "cancel_pending": 1_000,
    "needs_attention": 5_000,
    "paid": 5_000,
    "preparing": 5_000,
    "ready": 5_000,
    "served": 30_000,
    "canceled": None,
    "refunded": None,
}
STATES_PER_TRIED = 2


def timers_of(page: Page) -> set[int]:
    """Return the delays of the timers that the page has started."""
    return set(page.evaluate("[...timers]"))


def without_stream(route: Route) -> None:
    route.fulfill(status=503, json={"error": "unavailable", "message": ""})


@pytest.fixture
def customer(stack: Stack, page: Page, console: Console) -> Customer:
    """A customer whose page records its timers."""
    console.expected.append("503")
    page.add_init_script(RECORD_TIMERS)
    return Customer(stack, page)


def prepare(customer: Customer, state: str) -> Page:
    """Bring an order into this state, and return the customer's page, which shows nothing yet."""
    customer.prepare_order(state)
    customer.page.goto("about:blank")
    return customer.page


@pytest.mark.parametrize(("state", "delay"), tried(DELAYS.items(), STATES_PER_TRIED))
def test_page_without_a_stream_asks_for_its_order_as_often_as_the_state_needs(
    stack: Stack, customer: Customer, state: str, delay: int | None
) -> None:
    page = prepare(customer, state)
    page.route(EVENTS, without_stream)

    open_order(customer, state)

    if delay is not None:
        wait_until(page, f"timers.has({delay})")
    else:
        page.wait_for_load_state("networkidle")
    assert timers_of(page) & POLL_DELAYS == ({delay} if delay else set())


@pytest.mark.parametrize(("state", "silence"), [("awaiting_payment", 10_000), ("paid", 25_000)])
def test_page_waits_for_events_only_so_long(
    stack: Stack, customer: Customer, state: str, silence: int
) -> None:
    page = prepare(customer, state)

    with page.expect_response(EVENTS):
        open_order(customer, state)
    wait_until(page, f"timers.has({silence})")

    timers = timers_of(page)
    assert timers & {10_000, 25_000} == {silence}
    assert {3_000, 15_000} <= timers  # for the first event, and for an answer
    assert not timers & POLL_DELAYS


def test_hidden_page_of_an_unpaid_order_polls_slowly_and_opens_no_stream(
    stack: Stack, customer: Customer
) -> None:
    page = prepare(customer, "awaiting_payment")
    streams: list[Request] = []
    page.on("request", lambda each: streams.append(each) if EVENTS.search(each.url) else None)
    page.add_init_script(HIDDEN)

    open_order(customer, "awaiting_payment")

    wait_until(page, "timers.has(5000)")
    assert timers_of(page) & POLL_DELAYS == {5_000}
    assert streams == []
    page.evaluate('Object.defineProperty(document, "hidden", {value: false})')
    with page.expect_request(EVENTS):
        page.evaluate(SHOW_AGAIN)


def test_hidden_page_of_a_paid_order_streams(stack: Stack, customer: Customer) -> None:
    page = prepare(customer, "paid")
    page.add_init_script(HIDDEN)

    with page.expect_response(EVENTS) as stream:
        open_order(customer, "paid")

    assert stream.value.ok
    assert not timers_of(page) & POLL_DELAYS


def end_streams(page: Page, reason: str) -> list[Route]:
    """End each stream at once for this reason; return the list that they are recorded in."""
    streams: list[Route] = []

    def end(route: Route) -> None:
        streams.append(route)
        body = f'event: end\ndata: {{"reason": "{reason}"}}\n\n'
        route.fulfill(content_type="text/event-stream", body=body)

    page.route(EVENTS, end)
    return streams


def test_page_polls_rarely_where_the_shop_streams_an_order_no_more(
    stack: Stack, customer: Customer
) -> None:
    page = prepare(customer, "awaiting_payment")
    streams = end_streams(page, "slow")

    open_order(customer, "awaiting_payment")
    wait_until(page, "timers.has(30000)")
    with page.expect_response(ORDER):
        page.evaluate(SHOW_AGAIN)

    assert timers_of(page) & POLL_DELAYS == {30_000}
    assert len(streams) == 1


@pytest.mark.parametrize(("reason", "delay"), [("replaced", 1_000), ("final", None)])
def test_page_whose_stream_has_ended_opens_another_when_the_customer_looks_at_it(
    stack: Stack, customer: Customer, reason: str, delay: int | None
) -> None:
    page = prepare(customer, "awaiting_payment")
    streams = end_streams(page, reason)

    with page.expect_response(EVENTS):
        open_order(customer, "awaiting_payment")
    if delay is not None:
        wait_until(page, f"timers.has({delay})")
    else:
        page.wait_for_load_state("networkidle")

    assert timers_of(page) & POLL_DELAYS == ({delay} if delay else set())
    assert len(streams) == 1
    with page.expect_response(ORDER), page.expect_request(EVENTS):
        page.evaluate(SHOW_AGAIN)


def test_page_opens_another_stream_at_once_where_a_server_stops(
    stack: Stack, customer: Customer
) -> None:
    page = prepare(customer, "awaiting_payment")
    page.route(
        EVENTS,
        lambda route: route.fulfill(
            content_type="text/event-stream", body='event: end\ndata: {"reason": "restart"}\n\n'
        ),
        times=1,
    )

    with page.expect_response(EVENTS):
        open_order(customer, "awaiting_payment")
    wait_until(page, "timers.has(10000)")  # a real stream is open

    assert not timers_of(page) & POLL_DELAYS


def test_stream_that_falls_silent_after_a_while_is_opened_again_at_once(
    stack: Stack, page: Page
) -> None:
    page.clock.install()
    with page.expect_response(EVENTS):
        order_without_app(page, stack.scan())
    expect_heading(page, "Pay in SEQR")

    with page.expect_response(ORDER), page.expect_request(EVENTS):
        page.clock.run_for(14_000)


def test_page_that_wakes_says_that_it_checks_an_unpaid_order_until_it_is_answered(
    stack: Stack, customer: Customer
) -> None:
    page = customer.page
    notice = page.locator("#notice")
    held: list[Route] = []
    open_order(customer, "awaiting_payment")
    page.route(ORDER, lambda route: held.extend([route]))

    page.evaluate(SHOW_AGAIN)
    expect(notice).to_have_text("Checking your order …")
    assert 700 in timers_of(page)
    [request] = held
    request.continue_()

    expect(notice).to_be_empty()


def test_page_of_an_unpaid_order_that_the_shop_no_longer_shows_asks_to_scan_again(
    stack: Stack, customer: Customer, console: Console
) -> None:
    console.expected.append("404")
    page = customer.page
    open_order(customer, "awaiting_payment")
    gone = {"error": "not_found", "message": "Gone"}
    page.route(ORDER, lambda route: route.fulfill(status=404, json=gone))

    page.evaluate(SHOW_AGAIN)

    expect_heading(page, "Scan the code again")
    expect(page.locator("#notice")).to_be_empty()


@pytest.mark.parametrize("late", ["the error", "the order"])
def test_page_ignores_an_answer_from_before_it_woke_again(
    stack: Stack, customer: Customer, console: Console, late: str
) -> None:
    console.expected.append("404")
    page = customer.page
    held: list[Route] = []
    open_order(customer, "awaiting_payment")
    page.route(ORDER, lambda route: held.extend([route]))
    with page.expect_request(ORDER):
        page.evaluate(SHOW_AGAIN)
    with page.expect_request(ORDER):
        page.evaluate(SHOW_AGAIN)
    page.wait_for_timeout(0)  # both are held
    before, latest = held

    with page.expect_response(ORDER):
        if late == "the error":
            before.fulfill(status=404, json={"error": "not_found", "message": "Gone"})
        else:
            before.fulfill(json={"error": "no order"})
    expect_heading(page, "Pay in SEQR")
    with page.expect_response(EVENTS):
        latest.continue_()

    expect_heading(page, "Pay in SEQR")
    expect(page.locator("#notice")).to_be_empty()


def test_page_of_a_paid_order_that_wakes_shows_no_notice(stack: Stack, page: Page) -> None:
    page.clock.install()
    customer = Customer(stack, page)
    open_order(customer, "paid")
    held: list[Route] = []
    page.route(ORDER, lambda route: held.extend([route]))

    with page.expect_request(ORDER):
        page.evaluate(SHOW_AGAIN)
    page.clock.run_for(1_000)

    expect(page.locator("#notice")).to_be_empty()
    held[0].continue_()


def test_stream_that_says_that_the_poller_works_shows_no_notice(
    stack: Stack, customer: Customer
) -> None:
    page = prepare(customer, "awaiting_payment")
    body = 'event: poller\ndata: {"stalled": false}\n\n'
    page.route(EVENTS, lambda route: route.fulfill(content_type="text/event-stream", body=body))
    held: list[Route] = []
    page.route(ORDER, lambda route: held.extend([route]))

    with page.expect_request(ORDER):  # the stream has ended, so the page polls
        open_order(customer, "awaiting_payment")

    expect(page.locator("#notice")).to_be_empty()
    held[0].continue_()
