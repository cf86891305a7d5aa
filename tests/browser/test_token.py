"""The session token stays in the page's memory."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import (
    block_app,
    choose,
    expect_heading,
    number_on,
    open_menu,
    place_order,
    reference_on,
)

pytestmark = pytest.mark.browser

# Everything that a page can store beyond its own lifetime.
KEPT = """async () => JSON.stringify([
    location.href, document.referrer, document.title, document.cookie, window.name, history.state,
    {...localStorage}, {...sessionStorage},
    await indexedDB.databases(), await caches.keys(),
    document.documentElement.outerHTML,
])"""


def test_token_is_in_no_address_referrer_log_or_storage(
    stack: Stack, page: Page, console: Console
) -> None:
    scan = stack.scan()
    requests: list[Request] = []
    page.on("request", lambda request: requests.extend([request]))
    block_app(page)

    open_menu(page, scan)
    choose(page, "Cinnamon bun")
    page.get_by_role("link", name="Svenska").click()
    expect_heading(page, "Vad får det lov att vara?")
    page.get_by_role("link", name="English").click()
    expect_heading(page, "What would you like?")
    place_order(page)
    kept = page.evaluate(KEPT)
    page.goto(stack.sandbox.pay(reference_on(page), scan.token)["redirect_url"])
    expect_heading(page, "Paid, thank you!")
    kept += page.evaluate(KEPT)

    assert scan.token not in kept
    sent = [request for request in requests if request.url.startswith(stack.url)]
    for request in sent:
        assert scan.token not in request.url.partition("#")[0]
        headers = {name for name, value in request.all_headers().items() if scan.token in value}
        assert headers <= {"x-seqr-token"}
        if scan.token in (request.post_data or ""):
            assert request.url == f"{stack.url}/lyktan/session"
            assert json.loads(request.post_data or "")["token"] == scan.token
    assert any("x-seqr-token" in request.all_headers() for request in sent)
    log = stack.log.read_text()
    assert "web" in log
    assert scan.token not in log


def test_back_and_reload_need_the_cookie_and_a_new_scan_finds_the_open_order(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("401")
    scan = stack.scan()
    block_app(page)
    open_menu(page, scan)
    choose(page, "Cinnamon bun")
    place_order(page)
    number = number_on(page)
    page.goto(f"{stack.url}/lyktan/nothing")
    console.expected.append("404")

    page.go_back()
    expect_heading(page, "Pay in SEQR")
    assert number_on(page) == number
    page.context.clear_cookies()
    page.reload()
    expect_heading(page, "Scan the code again")
    expect(page.get_by_text(re.compile("order that you have placed is still here"))).to_be_visible()

    page.goto(stack.scan(scan.msisdn).order_url)
    expect_heading(page, "Pay in SEQR")
    assert number_on(page) == number
