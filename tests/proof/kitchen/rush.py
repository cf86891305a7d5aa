"""The rush: customers who order and pay, and cooks who work at three screens."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from tests.browser.browsers import new_browser_context
from tests.browser.kitchen import open_board, place_order, sign_in
from tests.browser.stack import Stack

SCREENS = 3
CUSTOMERS_AT_ONCE = 8
TAP_SECONDS = 0.25  # between two taps of the cooks
MAX_TAIL_SECONDS = 120  # from the last payment until everything is served

# Records when each card appears, by the clock that PostgreSQL has too: the machine's.
RECORD_CARDS = """
window.appeared = [];
document.addEventListener("DOMContentLoaded", () => {
  const list = document.querySelector("#kitchen-cards");
  if (!list) return;
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const card of addedNodes) {
        const number = card.querySelector("[data-number]").textContent;
        appeared.push([number, Date.now() / 1000]);
      }
    }
  }).observe(list, { childList: true });
});
"""
TAP_FIRST_CARD = """() => {
  const button = document.querySelector("#kitchen-cards [data-next]:not([hidden])");
  button?.click();
}"""
PAID_AT = """
    SELECT subject_label, extract(epoch FROM occurred_at)::float8 FROM orders_auditevent
    WHERE name = 'order_paid'
"""
STEPS = """
    SELECT subject_label, name FROM orders_auditevent
    WHERE name IN ('order_preparing', 'order_ready', 'order_served') ORDER BY id
"""


@dataclass(frozen=True)
class Rush:
    """How many orders in how many seconds."""

    orders: int
    seconds: float


FULL = Rush(200, 300.0)
QUICK = Rush(20, 30.0)


@dataclass(frozen=True)
class Outcome:
    """What happened. Times are seconds since 1970.

    `appeared` has an entry for each card that a screen has shown anew: its number and the time.
    """

    rush: Rush
    ordered: list[str]
    paid_at: dict[str, float]
    appeared: list[list[tuple[str, float]]]
    steps: list[tuple[str, str]]
    left: list[int]  # cards on each screen at the end


def run_rush(stack: Stack, chromium: Browser, rush: Rush) -> Outcome:
    """Let customers order and pay while cooks serve them; return what the screens have shown."""
    screens = [_open_screen(stack, chromium) for _ in range(SCREENS)]
    with ThreadPoolExecutor(CUSTOMERS_AT_ONCE) as customers:
        began = time.monotonic()
        visits: list[Future[str]] = []
        taps = 0
        while len(visits) < rush.orders:
            if time.monotonic() - began >= len(visits) * rush.seconds / rush.orders:
                visits.append(customers.submit(_order_and_pay, stack))
            _tap(screens[taps % SCREENS])
            taps += 1
        ordered = [visit.result() for visit in visits]
    deadline = time.monotonic() + MAX_TAIL_SECONDS
    while _unserved(stack) and time.monotonic() < deadline:
        _tap(screens[taps % SCREENS])
        taps += 1
    screens[0].wait_for_timeout(2000)  # the last change reaches all screens
    return Outcome(
        rush,
        ordered,
        {str(number): float(paid_at) for number, paid_at in stack.read(PAID_AT)},
        [[(number, at) for number, at in screen.evaluate("window.appeared")] for screen in screens],
        [(str(number), str(name)) for number, name in stack.read(STEPS)],
        [screen.locator("#kitchen-cards > li").count() for screen in screens],
    )


def _open_screen(stack: Stack, chromium: Browser) -> Page:
    context = new_browser_context(chromium, viewport={"width": 1024, "height": 768})
    context.add_init_script(RECORD_CARDS)
    sign_in(context, stack)
    return open_board(context, stack)


def _order_and_pay(stack: Stack) -> str:
    scan, reference, number = place_order(stack)
    stack.sandbox.pay(reference, scan.token)
    return number


def _tap(screen: Page) -> None:
    """Tap the button of the oldest card, as a cook does."""
    screen.evaluate(TAP_FIRST_CARD)
    screen.wait_for_timeout(TAP_SECONDS * 1000)


def _unserved(stack: Stack) -> bool:
    return bool(
        stack.read("SELECT 1 FROM orders_order WHERE served_at IS NULL LIMIT 1")
        or stack.read("SELECT 1 FROM orders_order WHERE state = 'awaiting_payment' LIMIT 1")
    )
