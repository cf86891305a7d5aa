"""Customers whose orders reach the kitchen board, and the screens that show it."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any
from uuid import uuid4

from playwright.sync_api import BrowserContext, Locator, Page

from tests.browser.stack import WAIT_SECONDS, Scan, Stack

COOK = "kitchen"  # the demo's person with the role
BOARD = "/staff/kitchen/lyktan"
POLL_SECONDS = 0.1
DOUBLE_TAP_MS = 600  # within which two taps count once


def staff_password(stack: Stack) -> str:
    """Return the password of the demo's staff."""
    password: str = json.loads((stack.log.parent / "demo.json").read_text())["staff_password"]
    return password


def sign_in(context: BrowserContext, stack: Stack, username: str = COOK) -> None:
    """Sign a person of the demo in: by the form once, and then with the cookies from it."""
    if username not in stack.staff_cookies:
        page = context.new_page()
        page.goto(f"{stack.url}/admin/login/")
        page.locator("[name=username]").fill(username)
        page.locator("[name=password]").fill(staff_password(stack))
        page.locator("form [type=submit]").first.click()
        page.locator("#user-tools, .staff-person").first.wait_for()
        page.close()
        stack.staff_cookies[username] = context.cookies()
    context.add_cookies(stack.staff_cookies[username])


def open_board(context: BrowserContext, stack: Stack) -> Page:
    """Open the board in a signed-in browser, and wait until it shows the orders."""
    page = context.new_page()
    page.goto(f"{stack.url}{BOARD}")
    page.locator("#kitchen-cards > li, #kitchen-empty:not([hidden])").first.wait_for()
    return page


def place_order(stack: Stack, quantity: int = 1) -> tuple[Scan, str, str]:
    """Order the first product of the menu; return the scan, the reference and the number."""
    scan = stack.scan()
    session = _request(stack, scan, "POST", "/lyktan/session", {"token": scan.token})
    product = session["products"][0]["id"]
    body = {"nonce": uuid4().hex, "rows": [{"product": product, "quantity": quantity}]}
    order = _request(stack, scan, "POST", "/lyktan/orders", body)
    deadline = time.monotonic() + WAIT_SECONDS
    while not (details := _request(stack, scan, "GET", order["url"]))["app_url"]:
        assert time.monotonic() < deadline, "the invoice is not sent"
        time.sleep(POLL_SECONDS)
    return scan, details["invoice_reference"], order["number"]


def paid_order(stack: Stack, quantity: int = 1) -> str:
    """Order and pay; return the number once SEQR has confirmed the payment."""
    scan, reference, number = place_order(stack, quantity)
    stack.sandbox.pay(reference, scan.token)
    stack.wait_for(
        "SELECT 1 FROM payments_invoice WHERE invoice_reference = %s AND status = 'PAID'",
        reference,
    )
    return number


def card(page: Page, number: str) -> Locator:
    """Return the card of an order among those to serve."""
    heading = page.locator("h2", has_text=number)
    return page.locator("#kitchen-cards > li").filter(has=heading)


def press(board: Page, number: str, step: str) -> float:
    """Press a button of the order's card; return when, by the browser's clock in milliseconds."""
    board.wait_for_timeout(DOUBLE_TAP_MS)
    button = card(board, number).get_by_role("button", name=f"{step} Order {number}")
    button.wait_for()
    pressed_at: float = board.evaluate("Date.now()")
    button.click()
    return pressed_at


def _request(stack: Stack, scan: Scan, method: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-SEQR-Token": scan.token, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{stack.url}{path}", data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as response:  # noqa: S310
        return json.load(response)
