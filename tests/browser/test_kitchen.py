"""The kitchen board in Chromium: two screens, the keyboard, a lost network, and WCAG 2.2 AA."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from tests.browser.axe import accessibility_violations
from tests.browser.browsers import still_browser_context
from tests.browser.clicks import ClickCounter, Journey, promised_clicks
from tests.browser.conftest import Console, OpenBrowser
from tests.browser.kitchen import BOARD, card, open_board, paid_order, sign_in
from tests.browser.stack import Stack

pytestmark = pytest.mark.browser

TABLET: ViewportSize = {"width": 1024, "height": 768}
SIZES: tuple[ViewportSize, ...] = (
    {"width": 1280, "height": 800},
    TABLET,
    {"width": 390, "height": 844},
)
MIN_TARGET_PX = 56
SIZES_OF_TARGETS = """() => [...document.querySelectorAll("#kitchen :is(button, summary, a)")]
    .filter((each) => each.checkVisibility())
    .map((each) => [each.innerText, each.getBoundingClientRect()])
    .map(([text, { width, height }]) => [text, Math.round(Math.min(width, height))])"""
STRIKE_OUT = """
    WITH struck AS (
        UPDATE orders_order SET state = 'needs_attention' WHERE id = %s RETURNING id
    )
    INSERT INTO orders_auditevent (subject_type, subject_id, subject_label, name, from_state,
        to_state, source, detail, order_id)
    SELECT 'order', id, '', 'order_needs_attention', 'paid', 'needs_attention', 'poller', '', id
    FROM struck
"""


@pytest.fixture
def kitchen(open_browser: OpenBrowser, stack: Stack) -> BrowserContext:
    """A tablet on which the kitchen is signed in."""
    context = open_browser(viewport=TABLET)
    sign_in(context, stack)
    return context


def tap(button: Locator) -> None:
    """Tap a button, some time after the last tap: a double tap counts once."""
    button.page.wait_for_timeout(600)
    button.click()


def progress_of(page: Page, number: str) -> str:
    """Return how the board shows an order."""
    return card(page, number).get_attribute("data-progress") or ""


def test_two_screens_agree_from_the_payment_to_the_undo(
    stack: Stack, kitchen: BrowserContext
) -> None:
    clicks = ClickCounter(kitchen)
    bar, stove = open_board(kitchen, stack), open_board(kitchen, stack)

    number = paid_order(stack)
    for page in (bar, stove):
        card(page, number).wait_for()
    steps = []
    for label, page, other in (("Start", bar, stove), ("Ready", stove, bar)):
        tap(card(page, number).get_by_role("button", name=f"{label} Order {number}"))
        expected = {"Start": "preparing", "Ready": "ready"}[label]
        card(other, number).and_(other.locator(f"[data-progress={expected}]")).wait_for()
        steps.append(progress_of(other, number))
    tap(card(bar, number).get_by_role("button", name="Serve"))
    card(stove, number).wait_for(state="detached")
    to_served = clicks.take()
    bar.locator("#kitchen-undo").get_by_role("button", name="Undo").click()
    card(stove, number).wait_for()
    to_undone = clicks.take()
    undone = progress_of(stove, number)
    tap(card(stove, number).get_by_role("button", name="Serve"))
    last = bar.locator("#kitchen-served > li").filter(has_text=number)
    tap(last.get_by_role("button", name="Undo"))
    card(bar, number).wait_for()

    assert (steps, undone) == (["preparing", "ready"], "ready")
    assert card(bar, number).count() == 1
    assert to_served == promised_clicks()[Journey.KITCHEN]
    assert to_undone == promised_clicks()[Journey.UNDO]


def test_double_tap_records_one_step_of_one_order(stack: Stack, kitchen: BrowserContext) -> None:
    first, second = (paid_order(stack) for _ in range(2))
    page = open_board(kitchen, stack)

    card(page, first).locator("[data-next]").dblclick()
    card(page, first).and_(page.locator("[data-progress=preparing]")).wait_for()
    page.wait_for_timeout(600)
    after_start = progress_of(page, first)
    tap(card(page, first).get_by_role("button", name="Ready"))
    card(page, first).and_(page.locator("[data-progress=ready]")).wait_for()
    box = card(page, first).locator("[data-next]").bounding_box()
    assert box is not None
    page.wait_for_timeout(600)
    page.mouse.dblclick(box["x"] + 5, box["y"] + 5, delay=30)
    card(page, first).wait_for(state="detached")
    page.mouse.click(box["x"] + 5, box["y"] + 5)  # where the second card is by now
    page.wait_for_timeout(1000)

    assert after_start == "preparing"
    assert progress_of(page, second) == "paid"


def test_board_is_worked_by_keyboard_and_keeps_its_place(
    stack: Stack, kitchen: BrowserContext
) -> None:
    numbers = [paid_order(stack) for _ in range(2)]
    page = open_board(kitchen, stack)
    first, second = (card(page, number) for number in numbers)
    first.locator("[data-next]").focus()

    for step in ("preparing", "ready"):
        page.keyboard.press("Enter")
        first.and_(page.locator(f"[data-progress={step}]")).wait_for()
    page.keyboard.press("Space")
    first.wait_for(state="detached")

    expect(second.locator("[data-next]")).to_be_focused()


def test_board_without_network_says_so_and_catches_up(
    stack: Stack, kitchen: BrowserContext, console: Console
) -> None:
    console.expected.append("ERR_INTERNET_DISCONNECTED")
    page = open_board(kitchen, stack)

    kitchen.set_offline(True)
    page.locator("#kitchen-offline").wait_for()
    number = paid_order(stack)
    kitchen.set_offline(False)

    card(page, number).wait_for()
    page.locator("#kitchen-offline").wait_for(state="hidden")


def test_board_of_a_person_who_signs_out_elsewhere_says_so(
    stack: Stack, kitchen: BrowserContext, console: Console
) -> None:
    console.expected.append("401")
    page = open_board(kitchen, stack)
    kitchen.clear_cookies()

    page.reload()  # a stream that is open already ends within ten seconds

    assert "/login" in page.url


def test_pause_and_sound_are_switched_by_a_tap(stack: Stack, kitchen: BrowserContext) -> None:
    clicks = ClickCounter(kitchen)
    page = open_board(kitchen, stack)
    sound = page.get_by_role("button", name="Sound on new orders")

    sound.click()
    clicks.take()
    page.locator("#kitchen-pause summary").click()
    page.get_by_role("button", name="For 20 minutes").click()
    page.locator("#kitchen-paused").wait_for()
    to_paused = clicks.take()
    paused = page.locator("#kitchen-paused [data-text]").inner_text()
    page.get_by_role("button", name="Open now").click()
    page.locator("#kitchen-paused").wait_for(state="hidden")

    assert sound.get_attribute("aria-pressed") == "true"
    assert re.fullmatch(r"Orders are paused until \d\d:\d\d\.", paused)
    assert to_paused == promised_clicks()[Journey.PAUSE]


def test_board_is_in_the_language_that_the_person_has_chosen_in_an_english_browser(
    stack: Stack, kitchen: BrowserContext
) -> None:
    number = paid_order(stack)
    page = kitchen.new_page()
    page.goto(f"{stack.url}{BOARD}?language=sv")
    card(page, number).wait_for()

    assert card(page, number).locator("[data-place]").inner_text() == "Bord 4"
    assert page.get_by_role("button", name="Kaffe och te").count() == 1


def test_filter_shows_the_orders_of_a_category_and_is_remembered(
    stack: Stack, kitchen: BrowserContext
) -> None:
    number = paid_order(stack)
    page = open_board(kitchen, stack)
    group = page.locator("#kitchen-categories")

    group.get_by_role("button", name="Food").click()
    card(page, number).wait_for(state="detached")
    page.reload()
    group.locator("[aria-pressed=true]").wait_for()
    hidden = card(page, number).count()
    group.get_by_role("button", name="Coffee and tea").click()
    card(page, number).wait_for()

    assert hidden == 0


@pytest.fixture(scope="module")
def full_board(stack: Stack) -> Iterator[None]:
    """A board with an order in each state, one of them struck out."""
    new, preparing, ready, struck = (int(paid_order(stack)) - 1000 for _ in range(4))
    for order, step, minutes in ((preparing, "preparing", 9), (ready, "ready", 19)):
        stack.write(
            f"UPDATE orders_order SET state = %s, {step}_at = now() WHERE id = %s",  # noqa: S608
            step,
            order,
        )
        stack.write(
            "UPDATE payments_invoice SET paid_at = paid_at - %s * interval '1 minute'"
            " WHERE order_id = %s",
            minutes,
            order,
        )
    stack.write(STRIKE_OUT, struck)
    yield
    stack.write(
        "UPDATE orders_order SET state = 'served', served_at = now() WHERE id = ANY(%s)",
        [new, preparing, ready],
    )


@pytest.mark.parametrize(("theme", "locale"), [("light", "en-GB"), ("dark", "sv-SE")])
@pytest.mark.usefixtures("full_board")
def test_board_meets_wcag_and_fits_every_screen(
    stack: Stack, chromium: Browser, theme: str, locale: str
) -> None:
    context = still_browser_context(chromium, viewport=TABLET, color_scheme=theme, locale=locale)
    sign_in(context, stack)
    page = open_board(context, stack)
    page.locator("[data-wait=red]").first.wait_for()
    found: list[object] = []
    for size in SIZES:
        page.set_viewport_size(size)
        found += accessibility_violations(page)
        if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
            found.append(f"wider than {size['width']} px")
        found += [each for each in page.evaluate(SIZES_OF_TARGETS) if each[1] < MIN_TARGET_PX]
    context.close()

    assert found == []
