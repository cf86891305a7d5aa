"""Every state of the customers' pages, for everybody: WCAG 2.2 AA, every screen, every thumb."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from orders.models import OrderState
from tests.browser.axe import complaints
from tests.browser.browsers import SIZES, THEMES, ZOOMED, opened
from tests.browser.conftest import Console
from tests.browser.layout import layout_faults
from tests.browser.stack import Stack
from tests.browser.states import PAID, STATES, UNPAID, Customer
from tests.browser.steps import order_and_stay, sees

pytestmark = pytest.mark.browser

# Notes each movement that lasts longer than a blink.
MOVED = """
window.moved = [];
for (const kind of ["animationstart", "transitionrun"]) {
  addEventListener(kind, ({ target, animationName, propertyName }) => {
    const running = target.getAnimations().filter(
      (each) => each.animationName === animationName || each.transitionProperty === propertyName,
    );
    for (const each of running) {
      const { activeDuration } = each.effect.getComputedTiming();
      if (activeDuration > 20) moved.push(`${animationName ?? propertyName}: ${activeDuration} ms`);
    }
  }, true);
}
"""
A_FRAME_LATER = """new Promise((tell) => {
  requestAnimationFrame(() => requestAnimationFrame(() => tell(moved)));
})"""

# What a screen reader would say of an element, each time that it changes.
LISTEN = """(element) => {
  window.said = [];
  new MutationObserver(() => said.push(element.innerText)).observe(element, {
    characterData: true, childList: true, subtree: true,
  });
}"""


@pytest.fixture(scope="module")
def customer(stack: Stack, chromium: Browser) -> Iterator[Customer]:
    """A customer who reads Swedish: its words are the longer ones."""
    context = opened(chromium, locale="sv-SE")
    customer = Customer(stack, context.new_page())
    yield customer
    customer.leaves()
    context.close()


@pytest.fixture(scope="module")
def reader_of_english(stack: Stack, chromium: Browser) -> Iterator[Customer]:
    """A customer who reads English."""
    context = opened(chromium)
    customer = Customer(stack, context.new_page())
    yield customer
    customer.leaves()
    context.close()


def test_all_states_of_an_order_are_among_them() -> None:
    assert {*UNPAID, *PAID} == set(OrderState)


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_accessible_in_each_theme_and_fits_each_screen_and_thumb(
    customer: Customer, state: str
) -> None:
    page = customer.page

    customer.comes_to(state)

    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert complaints(page) == [], theme
    for size in (*SIZES.values(), ZOOMED):
        page.set_viewport_size(size)
        assert layout_faults(page) == [], size


@pytest.mark.parametrize("state", ["menu-chosen", "order-paid"])
def test_it_is_as_accessible_in_english(reader_of_english: Customer, state: str) -> None:
    page = reader_of_english.page

    reader_of_english.comes_to(state)

    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert complaints(page) == [], theme


def test_nothing_moves_for_whoever_wishes_so(stack: Stack, page: Page, console: Console) -> None:
    console.expected.append("ERR_FAILED")  # from the state in which SEQR has not answered
    page.add_init_script(MOVED)
    customer = Customer(stack, page)

    def moves(state: str) -> bool:
        customer.comes_to(state)
        return bool(page.evaluate(A_FRAME_LATER))

    for state in ("connecting", "order-awaiting-payment", "order-paid"):
        page.emulate_media(reduced_motion="no-preference")
        assert moves(state)
        page.emulate_media(reduced_motion="reduce")
        assert not moves(state)
    customer.leaves()


def test_a_change_is_said_to_a_screen_reader_once(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    reference = order_and_stay(page, scan)
    status = page.get_by_role("status").filter(has=page.get_by_role("heading"))
    status.evaluate(LISTEN)

    stack.sandbox.pay(reference, scan.token)
    sees(page, "Paid, thank you!")
    page.wait_for_load_state("networkidle")

    [said] = page.evaluate("said")
    assert "Paid, thank you!" in said
    assert "We have received your payment." in said
