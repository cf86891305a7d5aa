"""What the pages' scripts accept of texts: typed amounts and notes, and stored baskets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Console
from tests.browser.stack import Stack
from tests.browser.steps import open_menu

pytestmark = pytest.mark.browser

# Calls a function of one of the page's scripts with each of the arguments; NaN becomes null.
CALL = """async ([script, name, each]) => {
  const urls = performance.getEntriesByType("resource").map((entry) => entry.name);
  const module = await import(urls.find((url) => url.includes(`/storefront/${script}.`)));
  return each.map((argument) => module[name](argument))
      .map((result) => Number.isNaN(result) ? null : result);
}"""
ROW = {"product": 1, "quantity": 1, "options": [1], "note": "", "name": "Bun", "price": 1}
UNKNOWN = {"at": 1, "__proto__": {}}


@pytest.fixture
def menu(stack: Stack, page: Page, console: Console) -> Page:
    """A page with the menu, whose scripts are loaded."""
    open_menu(page, stack.scan())
    return page


def call(page: Page, script: str, name: str, *each: object) -> list[Any]:
    """Call a function of a script of this page with each of these arguments."""
    results: list[Any] = page.evaluate(CALL, [script, name, each])
    return results


def parse_basket(page: Page, **basket: object) -> dict[str, Any]:
    """Return what a page reads of a stored basket."""
    [parsed] = call(page, "basket-store", "parseBasket", json.dumps({"rows": [], **basket}))
    assert isinstance(parsed, dict)
    return parsed


def test_typed_amount_has_at_most_six_digits_and_two_decimals(menu: Page) -> None:
    amounts = {
        "0": 0,
        "5": 500,
        "25": 2_500,
        "25,5": 2_550,
        "25.05": 2_505,
        " 7,50 ": 750,
        "123456": 12_345_600,
        "1234567": None,
        "25.055": None,
        "25,": None,
        ",5": None,
        "-5": None,
        "1 000": None,
        "": None,
        "much": None,
    }

    assert call(menu, "money", "parseAmount", *amounts) == list(amounts.values())


def test_percentage_has_at_most_two_decimals(menu: Page) -> None:
    shown = call(menu, "money", "formatPercentage", "5", "12.5", "7.125", "7.126")

    assert shown == ["5%", "12.5%", "7.13%", "7.13%"]


def test_note_is_one_line_without_control_characters_and_keeps_emoji(menu: Page) -> None:
    notes = {
        " no\n\tfoam   please ": "no foam please",
        "a\x00b\x1bc": "abc",
        "\u202etxet": "txet",
        "👩\u200d🍳": "👩\u200d🍳",
        "a\u200cb": "a\u200cb",
        "\ud83d!": "!",
    }

    assert call(menu, "basket", "cleanNote", *notes) == list(notes.values())


def test_stored_basket_is_read_whole_up_to_its_limits(menu: Page) -> None:
    longest = {
        "rows": [ROW, ROW | {"quantity": 999, "note": "n" * 120, "name": "n" * 200}],
        "note": "n" * 120,
        "dining": "d" * 200,
        "tip": "12.55%",
        "order": "",
    }

    assert parse_basket(menu, **longest, **UNKNOWN) == longest


def test_stored_basket_has_at_most_a_hundred_rows(menu: Page) -> None:
    rows = [ROW | {"product": number} for number in range(1, 102)]

    assert parse_basket(menu, rows=rows)["rows"] == rows[:100]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("product", [0, -1, 1.5, "1", None, 2**53]),
        ("quantity", [0, -1, 1.5, "1", None, 1000]),
        ("price", [0, -1, 1.5, "1", None, 2**53]),
        ("options", [None, "1", [0], [-1], [1.5], ["1"], [1, 0], [None]]),
        ("note", [None, 1, "n" * 121]),
        ("name", [None, 1, "n" * 201]),
    ],
)
def test_stored_row_with_a_wrong_field_is_left_out(
    menu: Page, field: str, values: list[object]
) -> None:
    rows = [ROW, *(ROW | {field: value} for value in values), None, 1]

    assert parse_basket(menu, rows=rows)["rows"] == [ROW]


def test_stored_choices_that_are_too_long_or_no_text_are_left_out(menu: Page) -> None:
    nothing: dict[str, Any] = {"rows": [], "note": "", "dining": "", "tip": "", "order": None}

    assert parse_basket(menu, note="n" * 121, dining="d" * 201, tip="", order=5) == nothing
    assert parse_basket(menu, note=5, dining=None, tip=5, order=None) == nothing


def test_stored_tip_is_a_percentage_or_an_amount_with_two_decimals(menu: Page) -> None:
    kept = ["5%", "100%", "12.5%", "0.01", "7.50", "12345678.90"]
    for tip in kept:
        assert parse_basket(menu, tip=tip)["tip"] == tip
    for tip in ("1000%", "5.%", "-5%", "%", "5", "7.5", "7.500", "123456789.00", ".50", "x5%"):
        assert parse_basket(menu, tip=tip)["tip"] == ""
