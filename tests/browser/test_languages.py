"""Another language, wherever the customer stands, and nothing is lost by it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, OpenBrowser
from tests.browser.stack import Stack
from tests.browser.steps import (
    choose,
    fragmentless,
    number_on,
    open_menu,
    place_order,
    reference_on,
    sees,
    stay_here,
)

pytestmark = pytest.mark.browser


def change_to(page: Page, language: str) -> None:
    """Press the switch, in a browser that keeps no cookies."""
    page.context.clear_cookies()
    page.get_by_role("link", name=language, exact=True).click()


def test_without_cookies_another_language_keeps_what_is_chosen_and_what_is_ordered(
    stack: Stack, page: Page
) -> None:
    scan = stack.scan()
    stay_here(page)
    open_menu(page, scan)
    choose(page, "Cinnamon bun", 2)

    change_to(page, "Svenska")
    sees(page, "Vad får det lov att vara?")
    expect(page.get_by_text("Bord 4", exact=True)).to_be_visible()
    expect(page.locator("#menu .bar output")).to_have_text("70,00\xa0kr")
    assert fragmentless(page)

    change_to(page, "English")
    place_order(page)
    number, reference = number_on(page), reference_on(page)
    change_to(page, "Svenska")
    sees(page, "Betala i SEQR")
    expect(page.get_by_text("Din beställning väntar")).to_be_visible()
    expect(page.get_by_role("row", name="2 × Kanelbulle")).to_be_visible()
    assert number_on(page) == number

    stack.sandbox.pay(reference)
    sees(page, "Betalt, tack!")
    change_to(page, "English")
    sees(page, "Paid, thank you!")
    assert number_on(page) == number
    assert fragmentless(page)


def test_a_result_page_keeps_its_order_and_a_cookie_keeps_the_language(
    stack: Stack, page: Page, open_browser: OpenBrowser
) -> None:
    scan = stack.scan()
    stay_here(page)
    open_menu(page, scan)
    choose(page, "Cinnamon bun")
    place_order(page)
    reference = reference_on(page)
    stack.sandbox.pay(reference, scan.token)
    other = open_browser().new_page()
    other.goto(f"{stack.url}/lyktan/success#{scan.token}_{reference}")
    sees(other, "Paid, thank you!")
    number = number_on(other)

    change_to(other, "Svenska")

    sees(other, "Betalt, tack!")
    assert number_on(other) == number
    other.goto(stack.sandbox.invoice(reference)["back_url"])
    sees(other, "Betalt, tack!")
    other.get_by_role("link", name="English", exact=True).click()
    sees(other, "Paid, thank you!")


def test_a_fragment_that_somebody_made_up_chooses_nothing_that_there_is_not(
    stack: Stack, page: Page, console: Console
) -> None:
    basket = "1x1000000,999999x2,-1x3,1x0,axb,__proto__x1"

    page.goto(f"{stack.url}/lyktan/order#token={stack.scan().token}&basket={basket}&reference=<b>")

    sees(page, "What would you like?")
    expect(page.locator("#menu .bar output")).to_have_text("SEK\xa00.00")
    assert fragmentless(page)
