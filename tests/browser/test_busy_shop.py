"""The page of a shop that is unavailable: it reloads itself, or at a tap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Page, Request, Route

from tests.browser.conftest import Console, OpenBrowser
from tests.browser.stack import Stack
from tests.browser.steps import expect_heading

pytestmark = pytest.mark.browser

UNAVAILABLE = "The shop is unavailable right now. Try again in a moment."


@contextmanager
def unavailable_shop(stack: Stack) -> Iterator[None]:
    """Lock the table of the shops while the block runs: each read of it fails after seconds."""
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("LOCK TABLE orders_shop IN ACCESS EXCLUSIVE MODE")
        yield


@pytest.fixture
def page(open_browser: OpenBrowser) -> Page:
    """A page of a browser of its own, whose clock stands still unless the test advances it."""
    page: Page = open_browser().new_page()
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    return page


def test_page_of_unavailable_shop_reloads_itself_and_keeps_the_scan(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("503")
    with unavailable_shop(stack):
        page.goto(stack.scan().order_url)
        expect_heading(page, UNAVAILABLE)

    page.clock.run_for(1900)
    expect_heading(page, UNAVAILABLE)
    page.clock.run_for(1200)

    expect_heading(page, "What would you like?")


def test_tap_reloads_page_of_unavailable_shop_at_once(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("503")
    with unavailable_shop(stack):
        page.goto(stack.scan().order_url)
        expect_heading(page, UNAVAILABLE)

    page.get_by_role("link", name="Try again").click()

    expect_heading(page, "What would you like?")


def test_page_of_an_error_that_may_last_does_not_reload_itself(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("503")
    with unavailable_shop(stack):
        page.goto(stack.scan().order_url)
        expect_heading(page, UNAVAILABLE)
        lasting = re.sub('data-retry="[0-9]+"', 'data-retry=""', page.content())

    def answer(route: Route) -> None:
        route.fulfill(status=503, content_type="text/html", body=lasting)

    opened: list[Request] = []
    page.on("request", lambda each: opened.append(each) if each.is_navigation_request() else None)
    page.route("**/lyktan/order", answer, times=1)
    page.clock.run_for(3100)
    page.locator("[data-retry='']").wait_for()

    page.clock.run_for(60_000)
    page.get_by_role("link", name="Try again").click()

    expect_heading(page, "What would you like?")
    assert len(opened) == 2
