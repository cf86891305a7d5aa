"""One bar of signal: everything is slow, and half of the requests fail."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.browser.conftest import Console, OpenBrowser
from tests.browser.stack import Stack
from tests.browser.steps import (
    MAX_FETCH_RETRIES,
    block_app,
    choose,
    client_invoice_ids,
    number_on,
    reference_on,
    submit_order,
)

pytestmark = pytest.mark.browser

ROUND_TRIP_MS = 400
BYTES_PER_SECOND = 50_000
MAX_WAIT_MS = 60_000
SEED = 194

# Records every text that the page has shown, however briefly.
RECORD_SHOWN_TEXT = """
addEventListener("DOMContentLoaded", () => {
  window.shown = new Set();
  new MutationObserver(() => window.shown.add(document.body.innerText)).observe(document.body, {
    attributes: true, characterData: true, childList: true, subtree: true,
  });
});
"""


class LossyNetwork:
    """Loses requests on their way to the shop, and responses on their way back.

    Each kind of request has its own random numbers, so that a seed has the same effect in whatever
    order the requests come.
    """

    def __init__(self, page: Page, seed: int) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._random: defaultdict[str, random.Random] = defaultdict(lambda: random.Random(seed))
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
        page.route(re.compile(r"/(session|orders)(/|$)"), self._handle)

    def _handle(self, route: Route) -> None:
        kind = f"{route.request.method} {route.request.url.rpartition('/')[2][:8]}"
        outcome = self._random[kind].choice(["lost", "unanswered", "arrives", "arrives"])
        is_stream = route.request.url.endswith("/events")
        if outcome == "unanswered" and not is_stream:  # a stream's response does not end
            outcome = self._fetch(route)
        self.outcomes[kind, outcome] += 1
        if outcome == "arrives":
            route.continue_()
        else:
            route.abort("connectionfailed")

    @staticmethod
    def _fetch(route: Route) -> str:
        """Has the shop answer a request, and says whether it did.

        A failure raised in a route's handler would leave the request hanging for ever.
        """
        try:
            route.fetch(max_retries=MAX_FETCH_RETRIES)
        except Error:
            return "lost"
        return "unanswered"


def test_order_over_a_lossy_network_is_made_once_paid_once_and_never_shown_as_failed(
    stack: Stack, open_browser: OpenBrowser, console: Console
) -> None:
    console.expected += ["ERR_CONNECTION_FAILED", "ERR_INTERNET_DISCONNECTED"]
    page = open_browser().new_page()
    page.set_default_timeout(MAX_WAIT_MS)
    page.add_init_script(RECORD_SHOWN_TEXT)
    block_app(page)
    weather = LossyNetwork(page, SEED)
    scan = stack.scan()

    page.goto(scan.order_url)
    choose(page, "Cinnamon bun")
    submit_order(page)
    heading = page.locator("#order h1")
    expect(heading).to_have_text("Pay in SEQR", timeout=MAX_WAIT_MS)
    page.locator("#order [data-open-app]").wait_for()
    number, reference = number_on(page), reference_on(page)
    page.context.set_offline(True)
    stack.sandbox.pay(reference, scan.token)
    page.context.set_offline(False)
    expect(heading).to_have_text("Paid, thank you!", timeout=MAX_WAIT_MS)

    assert weather.outcomes["POST orders", "unanswered"] > 0, weather.outcomes
    assert weather.outcomes["POST orders", "lost"] > 0, weather.outcomes
    assert number_on(page) == number
    assert len(client_invoice_ids(stack, number)) == 1
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
