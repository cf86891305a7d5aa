"""Every state of the customers' pages meets WCAG 2.2 AA and fits every screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from orders.models import OrderState
from tests.browser.axe import accessibility_violations, violations_in_each_theme
from tests.browser.browsers import SIZES, ZOOMED, still_browser_context
from tests.browser.conftest import Console
from tests.browser.customer import PAID, UNPAID, Customer
from tests.browser.layout import layout_faults
from tests.browser.stack import Stack
from tests.browser.states import STATES, go_to
from tests.browser.steps import (
    block_app,
    choose,
    expect_heading,
    open_menu,
    order_without_app,
    place_order,
)
from tests.grids import tried

pytestmark = pytest.mark.browser

STATES_PER_TRIED = 2

# Records each animation and transition that lasts longer than 20 ms: those that run when one
# begins, and those that end, since a slow page may draw no frame in between.
RECORD_MOVEMENTS = """
window.moved = [];
window.recordMovements = (durations) => moved.push(...durations.filter((each) => each > 20));
window.recordAnimations = (animations) => recordMovements(
  animations.map(({ effect }) => effect.getComputedTiming().activeDuration),
);
for (const kind of ["animationstart", "transitionrun"]) {
  addEventListener(kind, ({ target }) => recordAnimations(target.getAnimations()), true);
}
for (const kind of ["animationend", "transitionend"]) {
  addEventListener(kind, ({ elapsedTime }) => recordMovements([1000 * elapsedTime]), true);
}
"""
# Includes those that wait for their first frame.
MOVEMENTS_AFTER_A_FRAME = """new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => {
    recordAnimations(document.getAnimations());
    resolve(moved);
  }));
})"""

COUNT_TRANSITIONS = """
window.transitions = 0;
const start = Document.prototype.startViewTransition;
Document.prototype.startViewTransition = function (change) {
  transitions += 1;
  return start.call(this, change);
};
"""
# Records what a screen reader announces of an element, each time that it changes.
LISTEN = """(element) => {
  window.announced = [];
  new MutationObserver(() => announced.push(element.innerText)).observe(element, {
    characterData: true, childList: true, subtree: true,
  });
}"""


@pytest.fixture(scope="module")
def customer(stack: Stack, chromium: Browser) -> Iterator[Customer]:
    """A customer who reads Swedish, the language with the longer words."""
    context = still_browser_context(chromium, locale="sv-SE")
    customer = Customer(stack, context.new_page())
    yield customer
    customer.reset()
    context.close()


@pytest.fixture(scope="module")
def english_customer(stack: Stack, chromium: Browser) -> Iterator[Customer]:
    """A customer who reads English."""
    context = still_browser_context(chromium)
    customer = Customer(stack, context.new_page())
    yield customer
    customer.reset()
    context.close()


def test_states_include_each_order_state() -> None:
    assert {*UNPAID, *PAID} == set(OrderState)


@pytest.mark.parametrize("state", tried(STATES, STATES_PER_TRIED))
def test_each_state_is_accessible_in_each_theme_and_fits_each_screen(
    customer: Customer, state: str
) -> None:
    page = customer.page

    go_to(customer, state)

    assert violations_in_each_theme(page) == []
    for size in (ZOOMED, *SIZES.values()):  # the widest last: it shows no sheets
        page.set_viewport_size(size)
        assert layout_faults(page) == [], size


@pytest.mark.parametrize(
    "state", ["menu-chosen", "basket", "product", "product-options", "order-paid"]
)
def test_state_is_accessible_in_english(english_customer: Customer, state: str) -> None:
    go_to(english_customer, state)

    assert (
        accessibility_violations(english_customer.page) == []
    )  # colours are no matter of language


def test_page_with_reduced_motion_does_not_animate(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("ERR_FAILED")  # the request that the state "connecting" leaves open
    page.add_init_script(RECORD_MOVEMENTS)
    customer = Customer(stack, page)

    def moves(state: str) -> bool:
        go_to(customer, state)
        return bool(page.evaluate(MOVEMENTS_AFTER_A_FRAME))

    for state in ("connecting", "order-awaiting-payment", "order-paid"):
        page.emulate_media(reduced_motion="no-preference")
        assert moves(state)
        page.emulate_media(reduced_motion="reduce")
        assert not moves(state)
    customer.reset()


@pytest.mark.parametrize(("motion", "transitions"), [("no-preference", 1), ("reduce", 0)])
def test_second_view_of_a_page_appears_with_a_transition_where_motion_is_welcome(
    stack: Stack, page: Page, motion: Literal["no-preference", "reduce"], transitions: int
) -> None:
    page.emulate_media(reduced_motion=motion)
    page.add_init_script(COUNT_TRANSITIONS)

    open_menu(page, stack.scan())
    assert page.evaluate("transitions") == 0
    block_app(page)
    choose(page, "Cinnamon bun")
    place_order(page)

    assert page.evaluate("transitions") == transitions


def test_change_of_order_is_announced_to_screen_reader_once(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    reference = order_without_app(page, scan)
    status = page.get_by_role("status").filter(has=page.get_by_role("heading"))
    status.evaluate(LISTEN)

    stack.sandbox.pay(reference, scan.token)
    expect_heading(page, "Paid, thank you!")
    page.get_by_role("link", name="Receipt", exact=True).wait_for()

    [announced] = page.evaluate("announced")
    assert "Paid, thank you!" in announced
    assert "We have received your payment." in announced
