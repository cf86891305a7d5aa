"""What the first view of the order page costs a phone with one bar of signal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenBrowser
from tests.browser.stack import Stack
from tests.browser.steps import open_menu

pytestmark = pytest.mark.browser

MOST_BYTES = 30_000
HASHED = re.compile(r"/static/.*\.[0-9a-f]{12}\.\w+$")
ONE_YEAR = "max-age=31"  # in seconds, or about ten


@dataclass
class Response:
    """One file as it came over the wire: `size` in bytes, compressed as it was."""

    url: str
    headers: dict[str, str]
    head_size: int
    size: int = 0

    @property
    def path(self) -> str:
        """Where it is on its server."""
        return urlsplit(self.url).path


class Wire:
    """Weighs what a page loads. The browser must be a fresh one, which has nothing yet."""

    def __init__(self, page: Page) -> None:
        self._answers: dict[str, Response] = {}
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.on("Network.responseReceived", self._begin)
        self._devtools.on("Network.loadingFinished", self._end)
        self._devtools.send("Network.enable")

    @property
    def answers(self) -> list[Response]:
        """What has come, the heaviest first."""
        return sorted(self._answers.values(), key=lambda answer: -answer.size)

    def _begin(self, event: dict[str, Any]) -> None:
        response = event["response"]
        headers = {name.lower(): value for name, value in response["headers"].items()}
        head_size = int(response["encodedDataLength"])  # so far
        self._answers[event["requestId"]] = Response(response["url"], headers, head_size)

    def _end(self, event: dict[str, Any]) -> None:
        if answer := self._answers.get(event["requestId"]):
            answer.size = int(event["encodedDataLength"]) - answer.head_size


def table(answers: list[Response]) -> str:
    """Return a line for each file, its headers' bytes beside its own, and their sums."""
    lines = [
        f"{answer.size:>7} {answer.head_size:>7}  {answer.headers.get('content-encoding', ''):4}"
        f"  {answer.path}"
        for answer in answers
    ]
    head_total = sum(answer.head_size for answer in answers)
    total = f"{weight(answers):>7} {head_total:>7}  in all, of {MOST_BYTES}"
    return "\n".join(["", "   file headers", *lines, total])


def weight(answers: list[Response]) -> int:
    """Return what the files weigh together, in bytes."""
    return sum(answer.size for answer in answers)


def test_the_first_view_of_the_menu_is_light_and_comes_from_the_shop_alone(
    stack: Stack, open_browser: OpenBrowser
) -> None:
    page = open_browser().new_page()
    wire = Wire(page)

    with page.expect_response("**/lyktan/session") as session:
        open_menu(page, stack.scan())
    icons = page.locator("link[rel~=icon]").evaluate_all("links => links.map(link => link.href)")
    for icon in icons:  # which a browser without a window does not ask for by itself
        page.evaluate("url => fetch(url).then(answer => answer.text())", icon)
    page.wait_for_load_state("networkidle")

    pictures = {each["picture"]["url"] for each in session.value.json()["products"]}
    first_view = [answer for answer in wire.answers if answer.path not in pictures]
    kinds = {answer.path.rpartition(".")[2] for answer in first_view}
    assert {"js", "css", "svg", "/lyktan/order", "/lyktan/session"} <= kinds
    assert weight(first_view) <= MOST_BYTES, table(first_view)
    elsewhere = [answer.url for answer in wire.answers if not answer.url.startswith(stack.url)]
    assert elsewhere == []
    for answer in first_view:
        if answer.path.startswith("/static/"):
            assert HASHED.search(answer.path)
            assert "immutable" in answer.headers["cache-control"]
            assert ONE_YEAR in answer.headers["cache-control"]
            assert answer.headers.get("content-encoding") in {"br", "gzip"}, table([answer])
