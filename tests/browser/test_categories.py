"""The headings of the menu, and the buttons that lead to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.menus import Session, change_session, with_options
from tests.browser.stack import Stack
from tests.browser.steps import AFTER_A_FRAME, open_menu, wait_until

pytestmark = pytest.mark.browser

BY_TOUCH = """() => {
  dispatchEvent(new Event("touchmove"));
  scrollTo(0, document.documentElement.scrollHeight);
}"""
AT_THE_END = "scrollY + innerHeight > document.documentElement.scrollHeight - 2"
# How far the middle of a button is from that of the strip, in pixels.
OFF_CENTRE = """(button) => {
  const middle = (element) => {
    const { left, width } = element.getBoundingClientRect();
    return left + width / 2;
  };
  return Math.abs(middle(button) - middle(button.parentElement));
}"""
# Scrolls three times before the next frame; returns how many callbacks then wait for it.
SCROLL_THRICE = """() => {
  const requested = window.requestAnimationFrame;
  let waiting = 0;
  window.requestAnimationFrame = (callback) => {
    waiting += 1;
    return requested.call(window, callback);
  };
  for (let time = 0; time < 3; time += 1) dispatchEvent(new Event("scroll"));
  window.requestAnimationFrame = requested;
  return waiting;
}"""
HEADER_HEIGHT = """() => [
  document.documentElement.style.getPropertyValue("--header-height"),
  `${document.querySelector(".header").offsetHeight}px`,
]"""


def with_categories(number: int) -> Callable[[Session], None]:
    """Return a change that gives the menu this many categories; the first has most products."""

    def change(session: Session) -> None:
        with_options(session)
        categories = [{"id": each, "name": f"Part {each}"} for each in range(1, number + 1)]
        session["categories"] = categories
        more = len(session["products"]) - number
        for place, product in enumerate(session["products"], start=1):
            product["category"] = max(place - more, 1) if number else None

    return change


@pytest.mark.parametrize("scroll", ["wheel", "key", "touch"])
def test_button_of_a_category_stays_marked_until_the_customer_scrolls(
    stack: Stack, page: Page, scroll: str, console: Console
) -> None:
    change_session(page, with_categories(8))
    open_menu(page, stack.scan())
    buttons = page.get_by_role("navigation", name="Categories").get_by_role("button")
    current = page.locator("[data-categories] [aria-current=true]")
    expect(current).to_have_text(["Part 1"])

    buttons.nth(3).click()

    expect(page.get_by_role("heading", name="Part 4")).to_be_focused()
    wait_until(page, "window.scrollY > 0")
    page.evaluate(AFTER_A_FRAME)
    expect(current).to_have_text(["Part 4"])
    assert buttons.nth(3).evaluate(OFF_CENTRE) <= 1

    if scroll == "wheel":
        page.mouse.wheel(0, 9_000)
    elif scroll == "key":
        page.keyboard.press("End")
    else:
        page.evaluate(BY_TOUCH)

    expect(current).to_have_text(["Part 8"])
    wait_until(page, AT_THE_END)
    page.evaluate("scrollTo(0, 0)")
    expect(current).to_have_text(["Part 1"])


def test_first_category_is_marked_above_all_headings(stack: Stack, page: Page) -> None:
    change_session(page, with_categories(8))
    open_menu(page, stack.scan())
    current = page.locator("[data-categories] [aria-current=true]")
    first = page.get_by_role("heading", name="Part 1")
    first.evaluate("(heading) => { heading.style.marginTop = '300px'; }")

    page.mouse.wheel(0, 9_000)
    expect(current).to_have_text(["Part 8"])
    page.evaluate("scrollTo(0, 0)")

    expect(current).to_have_text(["Part 1"])


def test_button_of_a_category_that_gets_the_focus_by_keyboard_moves_to_the_middle(
    stack: Stack, page: Page
) -> None:
    change_session(page, with_categories(8))
    open_menu(page, stack.scan())
    button = page.get_by_role("navigation", name="Categories").get_by_role("button").nth(4)

    page.keyboard.press("Tab")
    button.focus()

    assert button.evaluate(OFF_CENTRE) <= 1
    style, height = page.evaluate(HEADER_HEIGHT)
    assert style == height


def test_menu_that_is_scrolled_marks_its_category_once_a_frame(stack: Stack, page: Page) -> None:
    change_session(page, with_categories(8))
    open_menu(page, stack.scan())
    page.evaluate(AFTER_A_FRAME)

    assert page.evaluate(SCROLL_THRICE) == 1
    page.evaluate(AFTER_A_FRAME)
    assert page.evaluate(SCROLL_THRICE) == 1


@pytest.mark.parametrize(("number", "is_shown"), [(2, False), (3, True)])
def test_menu_has_category_buttons_from_three_categories_on(
    stack: Stack, page: Page, number: int, is_shown: bool
) -> None:
    change_session(page, with_categories(number))
    open_menu(page, stack.scan())

    expect(page.locator("[data-categories]")).to_be_visible(visible=is_shown)


def test_products_without_category_stand_below_other_if_there_are_categories(
    stack: Stack, page: Page
) -> None:
    headings = page.locator("#menu section h2:visible")

    def one_of_a_category(session: Session) -> None:
        with_categories(0)(session)
        session["categories"] = [{"id": 1, "name": "Part 1"}]
        session["products"][0]["category"] = 1

    change_session(page, with_categories(0))
    open_menu(page, stack.scan())
    expect(headings).to_have_count(0)
    change_session(page, one_of_a_category)
    page.reload()

    expect(headings).to_have_text(["Part 1", "Other"])
