"""The choices that a product asks for, and the rows of the basket that come of them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.browsers import SMALL_PHONE
from tests.browser.conftest import Console
from tests.browser.menus import Session, change_session, with_options, with_questions
from tests.browser.stack import Stack
from tests.browser.steps import (
    add_latte,
    bar_total,
    basket_row,
    choose,
    open_basket,
    open_menu,
    product_button,
    product_row,
)
from tests.undescribed_product import UNDESCRIBED

pytestmark = pytest.mark.browser

NOTHING_DECLARED = {"declared": True, "contains": [], "may_contain": []}
STORED_ROWS = "JSON.parse(Object.values(localStorage)[0]).rows"
STORE_QUANTITY = """(quantity) => {
  const [[name, text]] = Object.entries(localStorage);
  const basket = JSON.parse(text);
  basket.rows[0].quantity = quantity;
  localStorage.setItem(name, JSON.stringify(basket));
}"""


def option(number: int, name: str, price: str, **marks: Any) -> dict[str, Any]:
    """Return an option of which no allergens are declared to be contained."""
    known = {"sold_out": False, "allergens": NOTHING_DECLARED, "unsuitable_for": []}
    return {"id": number, "name": name, "price": price, **known, **marks}


def group(number: int, limits: tuple[int, int], *options: dict[str, Any]) -> dict[str, Any]:
    """Return a group of which at least and at most so many options are chosen."""
    least, most = limits
    return {"id": number, "name": f"Group {number}", "min": least, "max": most, "options": options}


SIZES = group(1, (0, 1), option(11, "Large", "0.00"), option(12, "Small", "4.00"))
TOPPINGS = group(
    2,
    (2, 3),
    option(24, "Nuts", "10.00", sold_out=True),
    option(23, "Cream", "9.00"),
    option(22, "Cocoa", "2.00"),
    option(21, "Sugar", "5.00"),
)
PAIR = group(3, (2, 2), option(31, "Spoon", "0.00"), option(32, "Fork", "0.00"))
ANY = group(4, (0, 2), option(41, "Straw", "0.00"), option(42, "Lid", "0.00"))
ONE_OR_TWO = group(5, (1, 2), option(51, "Hot", "0.00"), option(52, "Cold", "0.00"))
GROUPS = (SIZES, TOPPINGS, PAIR, ANY, ONE_OR_TWO)


def with_groups(session: Session) -> None:
    """Give the cappuccino a group of each kind."""
    with_options(session)
    for product in session["products"]:
        if product["name"] == "Cappuccino":
            product["option_groups"] = deepcopy(GROUPS)


def open_cappuccino(stack: Stack, page: Page) -> Locator:
    """Open the sheet of the cappuccino with the groups."""
    page.set_viewport_size(SMALL_PHONE)
    change_session(page, with_groups)
    open_menu(page, stack.scan())
    product_button(page, "Cappuccino").click()
    return page.get_by_role("dialog", name="Cappuccino")


def names_in_basket(page: Page) -> list[str]:
    """Return the names of the basket's rows in their order."""
    return page.locator("#basket [data-rows] [data-name]").all_inner_texts()


def test_each_group_says_how_many_are_chosen_and_what_they_cost(
    stack: Stack, page: Page, console: Console
) -> None:
    sheet = open_cappuccino(stack, page)

    rules = ["Choose up to 1", "Choose 2–3", "Choose 2", "Optional", "Choose 1–2"]
    expect(sheet.locator("[data-rule]")).to_have_text(rules)
    expect(sheet.locator("[type=checkbox]")).to_have_count(12)
    shown = sheet.locator("[data-options]").nth(1).locator("[data-price]")
    expect(shown).to_have_text(["Sold out", "+ SEK\xa09.00", "+ SEK\xa02.00", "+ SEK\xa05.00"])
    expect(sheet.locator("[data-price]").nth(1)).to_have_text("")  # a free one
    cheapest = product_row(page, "Cappuccino").locator(".price")
    expect(cheapest).to_have_text("from SEK\xa052.00")  # with two toppings of 2 and 5


def test_groups_limit_what_is_chosen(stack: Stack, page: Page) -> None:
    sheet = open_cappuccino(stack, page)
    sheet.get_by_label("Large").check()
    sheet.get_by_label("Small").check()
    expect(sheet.get_by_label("Large")).not_to_be_checked()

    add = sheet.locator("[type=submit]")
    add.click()
    toppings = sheet.get_by_role("group", name="Group 2")
    expect(toppings.get_by_role("alert")).to_have_text("Choose at least 2 first.")
    expect(toppings.get_by_label("Cream")).to_be_focused()
    for name in ("Cream", "Cocoa"):
        toppings.get_by_label(name).check()
    expect(toppings.get_by_label("Sugar")).to_be_enabled()
    expect(toppings.get_by_label("Nuts")).to_be_disabled()
    toppings.get_by_label("Sugar").check()
    expect(toppings.get_by_label("Sugar")).to_be_enabled()
    for name in ("Spoon", "Fork", "Hot"):
        sheet.get_by_label(name).check()
    add.click()

    expect(sheet).to_be_hidden()
    [row] = page.evaluate(STORED_ROWS)
    assert row["options"] == [12, 21, 22, 23, 31, 32, 51]
    assert row["price"] == 4500 + 400 + 1600
    product_button(page, "Cappuccino").click()
    expect(sheet).to_be_visible()
    assert sheet.locator("[data-scroll]").evaluate("element => element.scrollTop") == 0


def test_sheet_says_what_depends_on_choices_alone(stack: Stack, page: Page) -> None:
    def change(session: Session) -> None:
        with_options(session)
        for product in session["products"]:
            if product["name"] == "Filter coffee":
                product["diet"] = [{"key": "vegan", "name": "vegan"}]
                egg = option(12, "Egg", "1.00", unsuitable_for=["vegan"])
                foam = option(13, "Foam", "1.00", allergens=UNDESCRIBED["allergens"])
                sauce = foam | {"id": 14, "name": "Sauce"}
                sugar = option(11, "Sugar", "1.00")
                product["option_groups"] = [group(1, (0, 4), sugar, egg, foam, sauce)]

    change_session(page, change)
    open_menu(page, stack.scan())
    product_button(page, "Filter coffee").click()
    sheet = page.get_by_role("dialog", name="Filter coffee")
    total, diet = sheet.locator("[data-sum]"), sheet.locator("[data-diet]")
    expect(sheet.locator("[data-by-choice]")).to_be_visible()
    expect(sheet.locator("[data-none-declared]")).to_be_hidden()
    expect(total).to_be_empty()

    for name, said in (
        ("Sugar", "With your choices:\nNo allergens declared"),
        ("Egg", "With your choices:\nNo longer: vegan"),
    ):
        sheet.get_by_label(name).check()
        expect(total).to_have_text(said)
    expect(diet).to_be_hidden()
    sheet.get_by_label("Egg").uncheck()
    sheet.get_by_label("Sugar").uncheck()
    sheet.get_by_label("Foam").check()
    expect(total).to_have_text("With your choices:\nAsk the staff about: Foam")
    expect(diet).to_have_text("vegan")
    sheet.get_by_label("Sauce").check()
    expect(total).to_have_text("With your choices:\nAsk the staff about: Foam, Sauce")


def test_product_with_an_option_that_is_only_unsuitable_depends_on_the_choices(
    stack: Stack, page: Page
) -> None:
    def change(session: Session) -> None:
        with_options(session)
        for product in session["products"]:
            egg = option(12, "Egg", "1.00", unsuitable_for=["vegan"])
            sugar = option(13, "Sugar", "1.00")
            options = [egg] if product["name"] == "Filter coffee" else [sugar]
            product |= {
                "allergens": NOTHING_DECLARED,
                "option_groups": [group(1, (0, 1), *options)],
            }

    change_session(page, change)
    open_menu(page, stack.scan())
    for name, depends in (("Filter coffee", True), ("Cappuccino", False)):
        product_button(page, name).click()
        sheet = page.get_by_role("dialog", name=name)
        expect(sheet.locator("[data-by-choice]")).to_be_visible(visible=depends)
        expect(sheet.locator("[data-none-declared]")).to_be_visible(visible=not depends)
        sheet.get_by_role("checkbox").check()
        sheet.get_by_role("button", name="Close").click()
        expect(sheet).to_be_hidden()


def test_changed_row_keeps_its_place_and_joins_an_equal_one(stack: Stack, page: Page) -> None:
    change_session(page, with_options)
    open_menu(page, stack.scan())
    add_latte(page, "Oat milk")
    choose(page, "Cinnamon bun")
    choose(page, "Filter coffee")
    open_basket(page)
    sheet = page.get_by_role("dialog", name="Oat latte")

    page.get_by_role("button", name="Change Oat latte, Oat milk").click()
    sheet.get_by_label("Whole milk").check()
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_be_hidden()
    assert names_in_basket(page) == ["Oat latte", "Cinnamon bun", "Filter coffee"]
    expect(page.locator("#basket output[data-total]")).to_have_text("SEK\xa0116.00")

    page.get_by_role("button", name="Close").click()
    add_latte(page, "Oat milk")
    open_basket(page)
    page.get_by_role("button", name="Change Oat latte, Oat milk").click()
    sheet.get_by_label("Whole milk").check()
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_be_hidden()
    assert names_in_basket(page) == ["Oat latte", "Cinnamon bun", "Filter coffee"]
    expect(basket_row(page, "Oat latte").locator("[data-quantity]")).to_have_text("2")


def test_row_has_at_most_999_units(stack: Stack, page: Page) -> None:
    change_session(page, with_options)
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    page.evaluate(STORE_QUANTITY, 998)
    page.reload()
    expect(bar_total(page)).to_have_text("SEK\xa034,930.00")
    open_basket(page)
    more = basket_row(page, "Cinnamon bun").get_by_role("button", name="Add one Cinnamon bun")

    more.click()
    expect(more).to_be_disabled()
    page.get_by_role("button", name="Close").click()
    expect(product_row(page, "Cinnamon bun").get_by_role("button", name="Add one")).to_be_disabled()
    product_button(page, "Cinnamon bun").click()
    page.get_by_role("button", name="Add to order").click()

    expect(bar_total(page)).to_have_text("SEK\xa034,965.00")
    assert [row["quantity"] for row in page.evaluate(STORED_ROWS)] == [999]


def test_tip_of_one_percentage_or_an_own_amount_survives_a_reload_and_ends_with_the_offer(
    stack: Stack, page: Page
) -> None:
    def one_percentage(session: Session) -> None:
        with_questions(session)
        session["shop"]["tip_percentages"] = ["12.5"]

    page.clock.install()
    change_session(page, one_percentage)
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    open_basket(page)
    basket, total = page.locator("#basket"), page.locator("#basket output[data-total]")
    expect(basket.locator("[data-tip] [data-name]")).to_have_text(
        ["No tip", "12.5% · SEK\xa04.38", "Own amount"]
    )
    basket.get_by_label("12.5% ·").check()
    expect(total).to_have_text("SEK\xa039.38")
    page.reload()
    open_basket(page)
    expect(basket.get_by_label("12.5% ·")).to_be_checked()
    expect(basket.get_by_label("Amount", exact=True)).to_be_hidden()

    basket.get_by_label("Own amount").check()
    basket.get_by_label("Amount", exact=True).fill("0,01")
    expect(total).to_have_text("SEK\xa035.01")
    page.reload()
    open_basket(page)
    expect(basket.get_by_label("Own amount")).to_be_checked()
    expect(basket.get_by_label("Amount", exact=True)).to_have_value("0.01")
    expect(total).to_have_text("SEK\xa035.01")

    change_session(page, with_options)
    page.clock.fast_forward("01:01")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(total).to_have_text("SEK\xa035.00")
    expect(basket.locator("[data-tip]")).to_be_hidden()
    expect(basket.locator("[data-dining]")).to_be_hidden()
    assert json.loads(page.evaluate("Object.values(localStorage)[0]"))["tip"] == "0.01"
