"""A real browser on the whole shop: web, workers and Beat of the Procfile, and the sandbox."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    WebError,
    sync_playwright,
)

from seqrshop.local.services import free_port
from seqrshop.local.testing import ROOT, settings_for_tests
from tests.sandbox_process import SandboxProcess

START_SECONDS = 60
STOP_SECONDS = 20
WAIT_MS = 10_000
DATABASE = "seqrshop_browser"
CODE = "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"
PHONE = {"width": 390, "height": 844}
SMALL_PHONE = {"width": 320, "height": 480}

# Without these, a browser that nobody looks at goes out to look for updates and the like.
CHROMIUM_OPTIONS = [
    "--no-sandbox",  # which root may not use; only our own pages are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_numbers = count(46_700_100_000)


@dataclass(frozen=True)
class Scan:
    """One scan of the code on table 4, by a customer of this phone number."""

    token: str
    order_url: str
    msisdn: str


@dataclass(frozen=True)
class Stack:
    """The running shop, and the sandbox that it takes for SEQR."""

    url: str
    sandbox: SandboxProcess
    log: Path

    def scan(self, msisdn: str | None = None) -> Scan:
        """Scan as a new customer, or as the one of this number."""
        msisdn = msisdn or str(next(_numbers))
        told = self.sandbox.scan(CODE, msisdn)
        return Scan(told["token"], told["order_url"], msisdn)


# Of the package, since playwright's loop must not run while other tests use Django's database.
@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run the whole shop, as `make run` does, on a database of its own."""
    folder = tmp_path_factory.mktemp("stack")
    port = free_port()
    with SandboxProcess() as sandbox, (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "seqrshop.local.run"],
            cwd=ROOT,
            env=_environment(folder, port, sandbox),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_open(process, port, folder / "log")
            sandbox.register_service(
                "LYKTAN", f"http://localhost:{port}/lyktan", name="Kafé Lyktan", codes=["TABLE=4"]
            )
            yield Stack(f"http://localhost:{port}", sandbox, folder / "log")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)


def _environment(folder: Path, port: int, sandbox: SandboxProcess) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name not in settings_for_tests()}
    return given | {
        "SEQRSHOP_LOCAL_DIR": str(folder),
        "DATABASE_URL": _make_database(os.environ["DATABASE_URL"]),
        # Another of Redis's databases: other tests leave tasks in the first.
        "REDIS_URL": urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path="/1")),
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "SEQR_SERVICE_URL": sandbox.service_url,
        "SEQR_SESSION_URL": sandbox.session_url,
        "SEQR_APP_URL": sandbox.app_url,
        "SEQR_LEAVE_URL": sandbox.phone_url,
        "LOYALTY_HOOK": "tests.payments.hooks.club",
    }


def _make_database(url: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    return urlunsplit(urlsplit(url)._replace(path=f"/{DATABASE}"))


def _wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/lyktan/order", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the shop did not start:\n{log.read_text()}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all journeys."""
    program = shutil.which("chromium")
    assert program, "Chromium is needed: on Debian, `apt-get install chromium`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


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


def _opened(chromium: Browser, **options: Any) -> BrowserContext:
    context = chromium.new_context(**{"locale": "en-GB", "viewport": PHONE, **options})
    context.set_default_timeout(WAIT_MS)
    return context


@pytest.fixture
def open_browser(chromium: Browser, console: Console) -> Iterator[OpenBrowser]:
    """Open a fresh browser, without cookies: open_browser(locale="sv-SE", viewport=PHONE)."""
    contexts: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        context = _opened(chromium, **options)
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
    context = _opened(chromium)
    yield context
    context.close()


@pytest.fixture
def page(used_browser: BrowserContext, console: Console) -> Iterator[Page]:
    """One page in a browser without cookies."""
    used_browser.clear_cookies()
    used_browser.on("console", console.note)
    used_browser.on("weberror", console.note_fault)
    yield used_browser.new_page()
    for opened in used_browser.pages:
        opened.close()
    used_browser.set_offline(False)
    used_browser.remove_listener("console", console.note)
    used_browser.remove_listener("weberror", console.note_fault)
