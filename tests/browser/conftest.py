"""A real browser on the whole shop: web, workers and Beat of the Procfile, and the sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebError

from tests.browser.browsers import launched, opened
from tests.browser.stack import Stack, make_database, running


# Of the package, since playwright's loop must not run while other tests use Django's database.
@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run the whole shop, as `make run` does, on a database of its own."""
    redis = urlsplit(os.environ["REDIS_URL"])
    settings = {
        "DATABASE_URL": make_database("seqrshop_browser", beside=os.environ["DATABASE_URL"]),
        # Another of Redis's databases: other tests leave tasks in the first.
        "REDIS_URL": urlunsplit(redis._replace(path="/1")),
        "LOYALTY_HOOK": "tests.payments.loyalty.hooks.club",
    }
    with running(tmp_path_factory.mktemp("stack"), settings) as stack:
        yield stack


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all journeys."""
    with launched() as browser:
        yield browser


@dataclass
class Console:
    """What the pages complained of. A complaint that no test expects fails it."""

    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        """Keep what is an error or a warning; breaches of the content policy are errors."""
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def note_fault(self, error: WebError) -> None:
        """Keep what a script threw and did not catch."""
        self.complaints.append(str(error.error))

    def unexpected(self) -> list[str]:
        """Return the complaints that hold none of the expected words."""
        return [
            complaint
            for complaint in self.complaints
            if not any(words in complaint for words in self.expected)
        ]


@pytest.fixture
def console() -> Iterator[Console]:
    """Fail a test whose pages complain."""
    console = Console()
    yield console
    assert console.unexpected() == []


OpenBrowser = Callable[..., BrowserContext]


@pytest.fixture
def open_browser(chromium: Browser, console: Console) -> Iterator[OpenBrowser]:
    """Open a fresh browser, without cookies: open_browser(locale="sv-SE", viewport=PHONE)."""
    contexts: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        context = opened(chromium, **options)
        context.on("console", console.note)
        context.on("weberror", console.note_fault)
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="package")
def used_browser(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that has our static files already, as most customers' have."""
    context = opened(chromium)
    yield context
    context.close()


@pytest.fixture
def page(used_browser: BrowserContext, console: Console) -> Iterator[Page]:
    """One page in a browser without cookies."""
    used_browser.clear_cookies()
    used_browser.on("console", console.note)
    used_browser.on("weberror", console.note_fault)
    yield used_browser.new_page()
    for each in used_browser.pages:
        each.close()
    used_browser.set_offline(False)
    used_browser.remove_listener("console", console.note)
    used_browser.remove_listener("weberror", console.note_fault)
