"""Chromium, and the window sizes and themes that the tests use."""

from __future__ import annotations

import asyncio
import atexit
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

WAIT_MS = 30_000

# Windows in CSS pixels.
SMALL_PHONE: ViewportSize = {"width": 320, "height": 480}
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
ZOOMED: ViewportSize = {
    "width": 320,
    "height": 256,
}  # 1280 × 1024 at 400 %
SIZES = {f"{size['width']}x{size['height']}": size for size in (SMALL_PHONE, PHONE, DESKTOP)}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# Without these, Chromium requests updates and the like from the internet.
OPTIONS = [
    "--no-sandbox",  # root cannot use it; only our own pages are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_program() -> str:
    """Return the path of Chromium without windows, which takes a third less time."""
    program = shutil.which("chromium-headless-shell")
    assert program, "Chromium is needed: on Debian, `apt-get install chromium-headless-shell`"
    return program


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Run Chromium until the block ends; yield it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=OPTIONS)
        yield browser
        browser.close()


class SharedChromium:
    """One Chromium for all tests of this process, started by the first that uses it.

    Playwright leaves its event loop marked as running, and Django then refuses its database. So
    the mark is set only while a test uses the browser.
    """

    def __init__(self) -> None:
        self._exit = ExitStack()
        self._browser: Browser | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def in_use(self) -> Iterator[Browser]:
        """Yield the browser. Inside, the caller cannot use Django's database."""
        browser = self._start() if self._browser is None else self._browser
        asyncio._set_running_loop(self._loop)
        try:
            yield browser
        finally:
            asyncio._set_running_loop(None)

    def _start(self) -> Browser:
        self._browser = self._exit.enter_context(running_chromium())
        self._loop = asyncio.get_running_loop()
        atexit.register(self._close)
        return self._browser

    def _close(self) -> None:
        asyncio._set_running_loop(self._loop)
        self._exit.close()


shared_chromium = SharedChromium()


def new_browser_context(chromium: Browser, **options: Any) -> BrowserContext:
    """Return a browser context without history: by default a phone's, in English."""
    context = chromium.new_context(**{"locale": "en-GB", "viewport": PHONE, **options})
    context.set_default_timeout(WAIT_MS)
    return context


def still_browser_context(chromium: Browser, **options: Any) -> BrowserContext:
    """Return one whose pages do not move: drawing what turns takes a tenth of the tests' time."""
    return new_browser_context(chromium, **{"reduced_motion": "reduce", **options})
