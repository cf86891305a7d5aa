"""The sheet of a product: what it is made of, its options, its note, and its price."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.browsers import SIZES
from tests.browser.conftest import Console
from tests.browser.layout import focus_fault, layout_faults
from tests.browser.menus import Session, change_session, with_options
from tests.browser.stack import Stack
from tests.browser.steps import (
    bar_total,
    basket_row,
    open_basket,
    open_menu,
    product_button,
    product_row,
    wait_until,
)

pytestmark = pytest.mark.browser


def open_sheet(page: Page, name: str) -> Locator:
    """Open a product's sheet by its name."""
    product_button(page, name).click()
    sheet = page.get_by_role("dialog", name=name)
    expect(sheet.get_by_role("heading", name=name)).to_be_focused()
    return sheet


@pytest.fixture
def menu(stack: Stack, page: Page) -> Page:
    """A page with the menu, whose products have options and allergens."""
    change_session(page, with_options)
    open_menu(page, stack.scan())
    return page


def test_sheet_says_what_a_product_is_made_of(menu: Page) -> None:
    bun = open_sheet(menu, "Cinnamon bun")
    expect(bun).to_contain_text("Baked at five this morning")
    expect(bun).to_contain_text("Ingredients: wheat flour, milk")
    expect(bun).to_contain_text("Contains: gluten, milk")
    expect(bun).to_contain_text("May contain: nuts")
    expect(bun).to_contain_text("Vegetarian")
    expect(bun.get_by_text("Ask the staff")).to_be_hidden()
    expect(bun.get_by_role("img", name="A swirled bun with pearl sugar")).to_be_visible()
    bun.get_by_role("button", name="Close").click()
    expect(bun).to_be_hidden()

    coffee = open_sheet(menu, "Filter coffee")
    expect(coffee).to_contain_text("Allergens: None declared")
    expect(coffee.get_by_text("Contains")).to_be_hidden()
    menu.keyboard.press("Escape")
    expect(coffee).to_be_hidden()

    expect(open_sheet(menu, "Cappuccino")).to_contain_text("Allergens: Ask the staff")


def test_sheet_sums_up_what_product_and_chosen_options_contain(menu: Page) -> None:
    sheet = open_sheet(menu, "Oat latte")
    oat, caramel = (sheet.locator(".option", has_text=name) for name in ("Oat milk", "Caramel"))
    total = sheet.locator("[data-sum]")
    expect(total).to_have_attribute("role", "status")
    expect(oat).to_contain_text("Contains: gluten")
    expect(caramel).to_contain_text("Allergens: ask the staff")
    expect(sheet.get_by_label("Oat milk")).to_have_accessible_name(re.compile("Contains: gluten"))
    expect(total).to_be_empty()

    sheet.get_by_label("Oat milk").check()
    expect(total).to_have_text("With your choices:\nContains: gluten\nMay contain: nuts")
    expect(sheet.locator("[data-diet]")).to_have_text("vegan")
    sheet.get_by_label("Whole milk").check()
    sheet.get_by_label("Caramel syrup").check()

    expect(total).to_have_text(
        "With your choices:\nContains: milk\nMay contain: nuts"
        "\nAsk the staff about: Caramel syrup\nNo longer: vegan"
    )
    expect(sheet.locator("[data-diet]")).to_be_hidden()


def test_product_without_required_options_is_added_by_one_tap(menu: Page) -> None:
    menu.locator(".products").get_by_role("button", name="Add one Cappuccino").click()

    expect(bar_total(menu)).to_have_text("SEK\xa045.00")
    expect(menu.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))
def test_options_are_enforced_and_the_price_follows(menu: Page, size: dict[str, int]) -> None:
    menu.set_viewport_size({"width": size["width"], "height": size["height"]})
    menu.locator(".products").get_by_role("button", name="Add one Oat latte").click()
    sheet = menu.get_by_role("dialog", name="Oat latte")
    milk, extras = (sheet.get_by_role("group", name=name) for name in ("Milk", "Extras"))
    expect(milk).to_contain_text("Choose one")
    expect(extras).to_contain_text("Choose up to 2")
    assert layout_faults(menu) == []

    sheet.get_by_role("button", name="Add to order").click()
    expect(milk.get_by_role("alert")).to_have_text("Choose one first.")
    expect(milk).to_have_accessible_description("Choose one first.")
    expect(milk.get_by_role("radio").first).to_be_focused()
    expect(milk.get_by_label("Soy milk")).to_be_disabled()
    milk.get_by_label("Oat milk").check()
    expect(milk.locator("[data-error]")).to_be_empty()
    extras.get_by_label("Vanilla syrup").check()
    extras.get_by_label("Extra shot").check()
    expect(extras.get_by_label("Caramel syrup")).to_be_disabled()
    extras.get_by_label("Vanilla syrup").uncheck()
    expect(extras.get_by_label("Caramel syrup")).to_be_enabled()
    less = sheet.get_by_role("button", name="Remove one Oat latte")
    expect(less).to_be_disabled()
    sheet.get_by_role("button", name="Add one Oat latte").click()
    expect(less).to_be_enabled()

    expect(sheet.locator(".product-heading")).to_contain_text("SEK\xa062.50")
    sheet.get_by_role("button", name="Add to order SEK\xa0125.00").click()
    expect(sheet).to_be_hidden()
    open_basket(menu)
    expect(basket_row(menu, "Oat latte")).to_contain_text("Oat milk, Extra shot")
    expect(menu.locator("#basket output[data-total]")).to_have_text("SEK\xa0125.00")


def test_note_has_a_counter_and_a_limit_and_is_cleaned(menu: Page) -> None:
    sheet = open_sheet(menu, "Cappuccino")
    note = sheet.get_by_label("Note to the kitchen")
    note.fill("x" * 119)
    note.press_sequentially("yz")
    expect(sheet.get_by_text("120/120")).to_be_visible()
    assert note.input_value().endswith("xy")

    note.fill(" extra  hot,\n\tplease 🔥 ")
    sheet.get_by_role("button", name="Add to order").click()

    open_basket(menu)
    shown = basket_row(menu, "Cappuccino").locator("[data-row-note]")
    expect(shown).to_have_text("extra hot, please 🔥")


def test_row_of_the_basket_is_changed_in_its_sheet(menu: Page) -> None:
    menu.locator(".products").get_by_role("button", name="Add one Oat latte").click()
    sheet = menu.get_by_role("dialog", name="Oat latte")
    sheet.get_by_label("Oat milk").check()
    sheet.get_by_role("button", name="Add to order").click()
    open_basket(menu)

    menu.get_by_role("button", name="Change Oat latte, Oat milk").click()
    expect(sheet.get_by_label("Oat milk")).to_be_checked()
    sheet.get_by_label("Whole milk").check()
    sheet.get_by_role("button", name="Save SEK\xa049.00").click()

    expect(sheet).to_be_hidden()
    row = menu.locator("#basket [data-rows] li")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Whole milk")
    expect(menu.locator("#basket output[data-total]")).to_have_text("SEK\xa049.00")
    menu.go_back()
    expect(menu.locator("#basket-sheet")).to_be_hidden()


def test_minus_in_the_menu_takes_from_the_row_that_was_added_last(menu: Page) -> None:
    for milk in ("Oat milk", "Whole milk"):
        menu.locator(".products").get_by_role("button", name="Add one Oat latte").click()
        sheet = menu.get_by_role("dialog", name="Oat latte")
        sheet.get_by_label(milk).check()
        sheet.get_by_role("button", name="Add to order").click()
        expect(sheet).to_be_hidden()

    menu.locator(".products").get_by_role("button", name="Remove one Oat latte").click()

    expect(bar_total(menu)).to_have_text("SEK\xa054.00")


def test_picture_opens_the_sheet(menu: Page) -> None:
    menu.get_by_alt_text("A swirled bun with pearl sugar").click(force=True)

    expect(menu.get_by_role("dialog", name="Cinnamon bun")).to_be_visible()


def test_keyboard_alone_chooses_options_and_returns_to_the_product(menu: Page) -> None:
    name = product_button(menu, "Oat latte")
    name.focus()
    menu.keyboard.press("Enter")
    sheet = menu.get_by_role("dialog", name="Oat latte")
    heading = sheet.get_by_role("heading", name="Oat latte")
    expect(heading).to_be_focused()
    wait_until(menu, "document.getAnimations().length === 0")  # the sheet rises

    def tab_to(target: Locator) -> None:
        for _ in range(20):
            menu.keyboard.press("Tab")
            assert focus_fault(menu) == ""
            if target.evaluate("element => element === document.activeElement"):
                return
        pytest.fail(f"the keyboard does not reach {target}")

    tab_to(sheet.get_by_label("Whole milk"))
    menu.keyboard.press("ArrowDown")
    expect(sheet.get_by_label("Oat milk")).to_be_checked()
    tab_to(sheet.get_by_label("Vanilla syrup"))
    menu.keyboard.press("Space")
    tab_to(sheet.get_by_label("Note to the kitchen"))
    menu.keyboard.type("hot")
    tab_to(sheet.get_by_role("button", name="Add to order SEK\xa058.00"))
    menu.keyboard.press("Enter")

    expect(sheet).to_be_hidden()
    expect(name).to_be_focused()
    expect(bar_total(menu)).to_have_text("SEK\xa058.00")


def test_menu_says_what_a_product_costs_at_least_and_offers(stack: Stack, page: Page) -> None:
    def only_dear_milk(session: Session) -> None:
        with_options(session)
        [latte] = [each for each in session["products"] if each["name"] == "Oat latte"]
        del latte["option_groups"][0]["options"][0]

    change_session(page, only_dear_milk)
    open_menu(page, stack.scan())

    latte = product_row(page, "Oat latte")
    expect(latte.locator(".price")).to_have_text("from SEK\xa054.00")
    expect(latte).not_to_contain_text("Milk")  # the name of a choice, which reads like an allergen


def test_sheet_opens_over_a_network_that_lost_its_script(menu: Page, console: Console) -> None:
    console.expected.append("ERR_FAILED")
    menu.clock.install()
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        lost.append(route.request.url)
        route.abort()

    menu.context.clear_cookies()
    menu.route(re.compile(r"/product-sheet\.[0-9a-f]+\.js$"), lose_the_first, times=1)
    product_button(menu, "Cinnamon bun").click()
    expect(menu.get_by_text("No connection. Trying again")).to_be_visible()
    menu.clock.fast_forward("00:02")

    expect(menu.get_by_role("dialog", name="Cinnamon bun")).to_be_visible()
    expect(menu.get_by_text("No connection. Trying again")).to_be_hidden()
    assert len(lost) == 1
