"""One bar of signal in a noisy café: all is slow, and half of what is asked goes wrong."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console, OpenBrowser
from tests.browser.stack import Stack
from tests.browser.steps import (
    choose,
    number_on,
    numbers_at_seqr,
    press_order,
    reference_on,
    stay_here,
)

pytestmark = pytest.mark.browser

ROUND_TRIP_MS = 400
BYTES_PER_SECOND = 50_000
PATIENCE_MS = 60_000
SEED = 194

# Keeps every text that the page has shown, however short a time it was there.
WATCH = """
addEventListener("DOMContentLoaded", () => {
  window.shown = new Set();
  new MutationObserver(() => window.shown.add(document.body.innerText)).observe(document.body, {
    attributes: true, characterData: true, childList: true, subtree: true,
  });
});
"""


class Weather:
    """Loses questions on their way to the shop, and answers on their way back.

    Each kind of question has its own luck, so that a seed means the same however they mingle.
    """

    def __init__(self, page: Page, seed: int) -> None:
        self.befell: Counter[tuple[str, str]] = Counter()
        self._luck: defaultdict[str, random.Random] = defaultdict(lambda: random.Random(seed))
        devtools = page.context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": ROUND_TRIP_MS,
                "downloadThroughput": BYTES_PER_SECOND,
                "uploadThroughput": BYTES_PER_SECOND,
            },
        )
        page.route(re.compile(r"/(session|orders)(/|$)"), self._strike)

    def _strike(self, route: Route) -> None:
        kind = f"{route.request.method} {route.request.url.rpartition('/')[2][:8]}"
        fate = self._luck[kind].choice(["lost", "unanswered", "arrives", "arrives"])
        is_stream = route.request.url.endswith("/events")
        if fate == "unanswered" and not is_stream:  # whose answer has no end to wait for
            route.fetch()
        self.befell[kind, fate] += 1
        if fate == "arrives":
            route.continue_()
        else:
            route.abort("connectionfailed")


def test_over_a_slow_and_lossy_network_one_order_is_paid_once_and_nothing_is_called_a_failure(
    stack: Stack, open_browser: OpenBrowser, console: Console
) -> None:
    console.expected += ["ERR_CONNECTION_FAILED", "ERR_INTERNET_DISCONNECTED"]
    page = open_browser().new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(WATCH)
    stay_here(page)
    weather = Weather(page, SEED)
    scan = stack.scan()

    page.goto(scan.order_url)
    choose(page, "Cinnamon bun")
    press_order(page)
    heading = page.locator("#order h1")
    expect(heading).to_have_text("Pay in SEQR", timeout=PATIENCE_MS)
    page.locator("#order [data-open-app]").wait_for()
    number, reference = number_on(page), reference_on(page)
    page.context.set_offline(True)
    stack.sandbox.pay(reference, scan.token)
    page.context.set_offline(False)
    expect(heading).to_have_text("Paid, thank you!", timeout=PATIENCE_MS)

    assert weather.befell["POST orders", "unanswered"] > 0, weather.befell
    assert weather.befell["POST orders", "lost"] > 0, weather.befell
    assert number_on(page) == number
    assert len(numbers_at_seqr(stack, number)) == 1
    orders = stack.read(
        "SELECT count(*) FROM orders_order JOIN orders_customer customer"
        " ON customer.id = customer_id WHERE msisdn = %s",
        scan.msisdn,
    )
    assert orders == [(1,)]
    shown = "\n".join(page.evaluate("[...window.shown]"))
    assert "No connection. Trying" in shown
    for wrong in ("failed", "Cancelled", "ran out", "Scan the code again"):
        assert wrong not in shown
