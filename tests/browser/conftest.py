"""Fixtures: Chromium, and the whole shop with the sandbox as its SEQR."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebError

from tests.browser.browsers import shared_chromium, still_browser_context
from tests.browser.stack import Stack, running_stack
from tests.migrated_database import copy_of_migrated_database


# Package-scoped: playwright's loop must not run while other tests use Django's database.
@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run the whole shop as `make run` does, on a database of its own."""
    redis = urlsplit(os.environ["REDIS_URL"])
    settings = {
        **copy_of_migrated_database("seqrshop_browser"),
        # Redis's second database: other tests leave tasks in the first.
        "REDIS_URL": urlunsplit(redis._replace(path="/1")),
        "LOYALTY_HOOK": "tests.payments.loyalty.hooks.club",
    }
    with running_stack(tmp_path_factory.mktemp("stack"), settings) as stack:
        yield stack


class SetProduct(Protocol):
    """Changes a product's price, or marks it as sold out."""

    def __call__(self, sku: str, price: str, *, sold_out: bool = False) -> None: ...


@pytest.fixture
def set_product(stack: Stack) -> Iterator[SetProduct]:
    """Return a function that changes a product of the menu; it is undone after the test."""
    before = stack.read("SELECT sku, price, sold_out FROM orders_product")

    def change(sku: str, price: str, *, sold_out: bool = False) -> None:
        statement = "UPDATE orders_product SET price = %s, sold_out = %s WHERE sku = %s"
        stack.write(statement, price, sold_out, sku)

    yield change
    for sku, price, sold_out in before:
        change(sku, price, sold_out=sold_out)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Return the browser that all tests share."""
    with shared_chromium.in_use() as browser:
        yield browser


MAX_CLOCK_SKEW_SECONDS = 0.5


@dataclass
class Console:
    """The errors and warnings in the browser's console; an unexpected one fails the test."""

    messages: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def record(self, message: ConsoleMessage) -> None:
        """Record an error or a warning; violations of the content policy are errors."""
        if message.type in {"error", "warning"}:
            self.messages.append(message.text)

    def record_script_error(self, error: WebError) -> None:
        """Record an uncaught exception of a script."""
        self.messages.append(str(error.error))

    def unexpected(self) -> list[str]:
        """Return the messages that contain none of the expected texts."""
        return [
            message
            for message in self.messages
            if not any(text in message for text in self.expected)
        ]


@pytest.fixture
def console() -> Iterator[Console]:
    """Fail the test if its pages log an unexpected error or warning."""
    console = Console()
    yield console
    assert console.unexpected() == []


OpenBrowser = Callable[..., BrowserContext]


@pytest.fixture
def open_browser(chromium: Browser, console: Console) -> Iterator[OpenBrowser]:
    """Return a function that opens a new browser context, without cookies or cache.

    Its arguments are Playwright's: `open_browser(locale="sv-SE", viewport=PHONE)`.
    """
    contexts: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        context = still_browser_context(chromium, **options)
        context.on("console", console.record)
        context.on("weberror", console.record_script_error)
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        end_routes(context)
        context.close()


def end_routes(context: BrowserContext) -> None:
    """End the routes of a context's pages: a request of a page that polls may be on its way.

    Its handler would fail once the page is closed, and with it whatever the test does then.
    """
    for page in context.pages:
        page.unroute_all(behavior="ignoreErrors")
    context.unroute_all(behavior="ignoreErrors")


class UsedBrowser:
    """A browser context that has cached our static files, as most customers' have.

    A clock that a test has moved stays in its context, so that context is replaced.
    """

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._context = still_browser_context(chromium)

    def context(self) -> BrowserContext:
        """Return the context, without cookies."""
        self._context.clear_cookies()
        return self._context

    def close_pages(self, page: Page) -> None:
        """Close all pages. Replace the context if the clock of this one of them has moved."""
        is_on_time = not page.is_closed() and _clock_skew(page) < MAX_CLOCK_SKEW_SECONDS
        end_routes(self._context)
        for each in self._context.pages:
            each.close()
        if not is_on_time:
            late, self._context = self._context, still_browser_context(self._chromium)
            late.close()

    def close(self) -> None:
        """Close the context."""
        self._context.close()


def _clock_skew(page: Page) -> float:
    """Return by how many seconds the page's clock is wrong."""
    return abs(float(page.evaluate("Date.now()")) / 1000 - time.time())


@pytest.fixture(scope="package")
def shared_browser(chromium: Browser) -> Iterator[UsedBrowser]:
    """Return the browser that the tests with a `page` share."""
    browser = UsedBrowser(chromium)
    yield browser
    browser.close()


@pytest.fixture
def page(stack: Stack, shared_browser: UsedBrowser, console: Console) -> Iterator[Page]:
    """Open a page in the used browser, without cookies and stored baskets."""
    context = shared_browser.context()
    context.on("console", console.record)
    context.on("weberror", console.record_script_error)
    page = context.new_page()
    stored = {"origin": stack.url, "storageTypes": "local_storage"}
    context.new_cdp_session(page).send("Storage.clearDataForOrigin", stored)
    yield page
    context.set_offline(False)
    shared_browser.close_pages(page)
    context.remove_listener("console", console.record)
    context.remove_listener("weberror", console.record_script_error)
