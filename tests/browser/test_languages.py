"""Changing the language keeps the basket, the order and the session."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, OpenBrowser
from tests.browser.stack import Stack
from tests.browser.steps import (
    bar_total,
    block_app,
    choose,
    expect_heading,
    has_no_fragment,
    number_on,
    open_menu,
    place_order,
    reference_on,
)

pytestmark = pytest.mark.browser


def change_language(page: Page, language: str) -> None:
    """Change the language in a browser that keeps no cookies."""
    page.context.clear_cookies()
    page.get_by_role("link", name=language, exact=True).click()


def test_language_change_without_cookies_keeps_basket_and_order(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    block_app(page)
    open_menu(page, scan)
    choose(page, "Cinnamon bun", 2)

    change_language(page, "Svenska")
    expect_heading(page, "Vad får det lov att vara?")
    expect(page.get_by_text("Bord 4", exact=True)).to_be_visible()
    expect(bar_total(page)).to_have_text("70,00\xa0kr")
    assert has_no_fragment(page)

    change_language(page, "English")
    place_order(page)
    number, reference = number_on(page), reference_on(page)
    change_language(page, "Svenska")
    expect_heading(page, "Betala i SEQR")
    expect(page.get_by_text("Din beställning väntar")).to_be_visible()
    expect(page.get_by_role("row", name="2 × Kanelbulle")).to_be_visible()
    expect(page.locator("#order [data-place]")).to_have_text(re.compile(r"Bord 4 · \d\d:\d\d$"))
    assert number_on(page) == number

    stack.sandbox.pay(reference)
    expect_heading(page, "Betalt, tack!")
    change_language(page, "English")
    expect_heading(page, "Paid, thank you!")
    assert number_on(page) == number
    assert has_no_fragment(page)


def test_result_page_keeps_its_order_and_a_cookie_keeps_the_language(
    stack: Stack, page: Page, open_browser: OpenBrowser
) -> None:
    scan = stack.scan()
    block_app(page)
    open_menu(page, scan)
    choose(page, "Cinnamon bun")
    place_order(page)
    reference = reference_on(page)
    stack.sandbox.pay(reference, scan.token)
    other = open_browser().new_page()
    other.goto(f"{stack.url}/lyktan/success#{scan.token}_{reference}")
    expect_heading(other, "Paid, thank you!")
    number = number_on(other)

    change_language(other, "Svenska")

    expect_heading(other, "Betalt, tack!")
    assert number_on(other) == number
    other.goto(stack.sandbox.invoice(reference)["back_url"])
    expect_heading(other, "Betalt, tack!")
    other.get_by_role("link", name="English", exact=True).click()
    expect_heading(other, "Paid, thank you!")


def test_forged_basket_in_the_fragment_is_ignored(
    stack: Stack, page: Page, console: Console
) -> None:
    row = {"options": [], "note": "", "name": "", "price": 1}
    wrong = [
        {"product": 1, "quantity": 1_000_000, **row},
        {"product": -1, "quantity": 3, **row},
        {"product": 1, "quantity": 0, **row},
        {"product": "a", "quantity": "b", **row},
        {"product": 1, "quantity": 1, **row, "note": "x" * 121},
        {"product": 1, "quantity": 1, **row, "options": ["<b>"]},
        None,
    ]
    basket = quote(json.dumps({"rows": wrong, "note": 1, "tip": "-5%", "__proto__": {}}))

    page.goto(f"{stack.url}/lyktan/order#token={stack.scan().token}&basket={basket}&reference=<b>")

    expect_heading(page, "What would you like?")
    expect(bar_total(page)).to_be_hidden()
    assert has_no_fragment(page)
