"""An action over thousands of orders: its page is closed and opened again, and it is stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from seqrshop.local.demo import STAFF_USER
from tests.browser.browsers import DESKTOP
from tests.browser.clicks import ClickCounter, Journey, promised_clicks
from tests.browser.conftest import OpenBrowser
from tests.browser.kitchen import paid_order, sign_in
from tests.browser.stack import Stack

pytestmark = pytest.mark.browser

ORDERS = 1500  # at least 15 seconds of work: the action is stopped long before its end
AT_LEAST_ONE_DONE = re.compile(r"[1-9]\d* of \d+ rows are done\.")
STOPPED = re.compile(r"Stopped after (\d+) of (\d+) rows\. (\d+) are left as they were\.")
# Their IDs are below those of other tests' orders, so that no kitchen board shows them.
COPY_ORDER = """
    INSERT INTO orders_order
    SELECT (jsonb_populate_record(orders_order, jsonb_build_object(
        'id', -n,
        'public_id', gen_random_uuid(),
        'return_key', 'return-key-of-copy-' || n,
        'nonce', 'nonce-of-copy-' || n,
        'created_at', now() - interval '2 days'
    ))).*
    FROM orders_order, generate_series(1, %s) n WHERE id = %s
"""
SERVE_COPIES = "UPDATE orders_order SET state = 'served', served_at = created_at WHERE id < 0"


@pytest.fixture
def many_paid_orders(stack: Stack) -> Iterator[None]:
    """Thousands of paid orders, which wait to be served."""
    stack.write(COPY_ORDER, ORDERS, int(paid_order(stack)) - 1000)
    yield
    stack.write(SERVE_COPIES)


@pytest.mark.usefixtures("many_paid_orders")
def test_action_over_many_orders_goes_on_without_its_page_and_is_stopped(
    stack: Stack, open_browser: OpenBrowser
) -> None:
    context = open_browser(viewport=DESKTOP)
    sign_in(context, stack, STAFF_USER)
    clicks = ClickCounter(context)

    page = context.new_page()
    page.goto(f"{stack.url}/admin/orders/order/?state__exact=paid")
    clicks.take()
    page.locator("#action-toggle").click()
    page.locator(".actions .question a").click()
    clicks.choose(page.locator("select[name=action]"), "Mark as served")
    page.get_by_role("button", name="Go").click()
    page.get_by_role("button", name="Mark as served").click()
    expect(page.get_by_role("status")).to_contain_text("rows are done.")
    to_started = clicks.take()
    page.close()

    page = context.new_page()
    page.goto(f"{stack.url}/admin/")
    page.get_by_role("link", name="Orders", exact=True).click()
    page.get_by_role("link", name="Your latest actions").click()
    page.locator("#content").get_by_role("link", name="Mark as served").first.click()
    expect(page.get_by_role("status")).to_have_text(AT_LEAST_ONE_DONE)  # without a reload
    to_progress = clicks.take()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_have_text(STOPPED)
    to_stopped = clicks.take()
    page.wait_for_timeout(1000)  # the row at which it was stopped is still carried out
    page.reload()
    status = page.get_by_role("status").inner_text()

    found = STOPPED.search(status)
    assert found is not None, status
    done, total, left = map(int, found.groups())
    assert 0 < done < total
    assert done + left == total >= ORDERS
    assert page.locator(".pill-ok").inner_text() == str(done)
    assert page.get_by_role("button", name="Stop").count() == 0
    assert {
        Journey.BULK: to_started,
        Journey.PROGRESS: to_progress,
        Journey.STOP: to_stopped,
    } == {key: promised_clicks()[key] for key in (Journey.BULK, Journey.PROGRESS, Journey.STOP)}
