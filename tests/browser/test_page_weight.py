"""The weight of the order page, for a phone with one bar of signal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Console, OpenBrowser
from tests.browser.stack import Stack
from tests.browser.steps import choose, open_menu

pytestmark = pytest.mark.browser

MAX_BYTES = 32_000
MAX_LATER_BYTES = 16_000  # what the first choice and the first product's sheet load
HASHED = re.compile(r"/static/.*\.[0-9a-f]{12}\.\w+$")
ONE_YEAR = "max-age=31"  # in seconds, or about ten


@dataclass
class Response:
    """One file as received: `size` is its compressed bytes, without headers."""

    url: str
    headers: dict[str, str]
    head_size: int
    size: int = 0

    @property
    def path(self) -> str:
        """The path of its address."""
        return urlsplit(self.url).path


class NetworkRecorder:
    """Records the size of each file that a page loads, in a browser without cache."""

    def __init__(self, page: Page) -> None:
        self._responses: dict[str, Response] = {}
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.on("Network.responseReceived", self._begin)
        self._devtools.on("Network.loadingFinished", self._end)
        self._devtools.send("Network.enable")

    @property
    def responses(self) -> list[Response]:
        """The received files, the heaviest first."""
        return sorted(self._responses.values(), key=lambda response: -response.size)

    def _begin(self, event: dict[str, Any]) -> None:
        received = event["response"]
        headers = {name.lower(): value for name, value in received["headers"].items()}
        head_size = int(received["encodedDataLength"])  # so far
        self._responses[event["requestId"]] = Response(received["url"], headers, head_size)

    def _end(self, event: dict[str, Any]) -> None:
        if response := self._responses.get(event["requestId"]):
            response.size = int(event["encodedDataLength"]) - response.head_size


def table(responses: list[Response]) -> str:
    """Return a line for each file, with the bytes of file and headers, and their sums."""
    lines = [
        f"{response.size:>7} {response.head_size:>7}"
        f"  {response.headers.get('content-encoding', ''):4}  {response.path}"
        for response in responses
    ]
    head_total = sum(response.head_size for response in responses)
    total = f"{weight(responses):>7} {head_total:>7}  in all, of {MAX_BYTES}"
    return "\n".join(["", "   file headers", *lines, total])


def weight(responses: list[Response]) -> int:
    """Return the size of the files together, in bytes."""
    return sum(response.size for response in responses)


def test_first_view_of_the_menu_is_light_and_loads_from_the_shop_only(
    stack: Stack, open_browser: OpenBrowser
) -> None:
    page = open_browser().new_page()
    recorder = NetworkRecorder(page)

    with page.expect_response("**/lyktan/session") as session:
        open_menu(page, stack.scan())
    icons = page.locator("link[rel~=icon]").evaluate_all("links => links.map(link => link.href)")
    for icon in icons:  # a headless browser does not load them
        page.evaluate("url => fetch(url).then(response => response.text())", icon)
    page.wait_for_load_state("networkidle")

    pictures = {each["picture"]["url"] for each in session.value.json()["products"]}
    first_view = [each for each in recorder.responses if each.path not in pictures]
    kinds = {each.path.rpartition(".")[2] for each in first_view}
    assert {"js", "css", "svg", "/lyktan/order", "/lyktan/session"} <= kinds
    assert weight(first_view) <= MAX_BYTES, table(first_view)
    elsewhere = [each.url for each in recorder.responses if not each.url.startswith(stack.url)]
    assert elsewhere == []
    for response in first_view:
        if response.path.startswith("/static/"):
            assert HASHED.search(response.path)
            assert "immutable" in response.headers["cache-control"]
            assert ONE_YEAR in response.headers["cache-control"]
            assert response.headers.get("content-encoding") in {"br", "gzip"}, table([response])


def test_what_the_order_page_loads_later_is_light(stack: Stack, open_browser: OpenBrowser) -> None:
    page = open_browser().new_page()
    open_menu(page, stack.scan())
    page.wait_for_load_state("networkidle")
    recorder = NetworkRecorder(page)

    choose(page, "Cinnamon bun")
    page.locator(".products [data-open]").first.click()
    page.locator("#product-sheet").wait_for()
    page.wait_for_load_state("networkidle")

    later = [each for each in recorder.responses if each.path.startswith("/static/")]
    assert {"checkout", "product-sheet"} <= {Path(each.path).name.split(".")[0] for each in later}
    assert weight(later) <= MAX_LATER_BYTES, table(later)


@pytest.mark.parametrize("path", ["/", "/lyktan/my-orders", "/nowhere/order"])
def test_other_pages_are_light(
    stack: Stack, open_browser: OpenBrowser, console: Console, path: str
) -> None:
    console.expected.append("404")
    page = open_browser().new_page()
    open_menu(page, stack.scan())
    page = page.context.new_page()  # with the customer's cookie, and without cache
    recorder = NetworkRecorder(page)

    page.goto(f"{stack.url}{path}")
    page.locator("h1").filter(visible=True).first.wait_for()
    page.wait_for_load_state("networkidle")

    assert 0 < weight(recorder.responses) <= MAX_BYTES, table(recorder.responses)
