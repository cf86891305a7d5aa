"""The basket: it is seen before an order, and says in each row what keeps it from being ordered."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.browsers import DESKTOP, SMALL_PHONE
from tests.browser.conftest import Console, SetProduct
from tests.browser.menus import Session, change_session, with_options, with_questions
from tests.browser.stack import Stack
from tests.browser.steps import (
    add_latte,
    bar_total,
    basket_row,
    block_app,
    choose,
    expect_heading,
    open_basket,
    open_menu,
    product_row,
    submit_order,
    wait_until,
)

pytestmark = pytest.mark.browser

BUN, COFFEE = "BAK-01", "KAF-01"
# A page without crypto.randomUUID, and whose random bytes are 0x00, 0x11, 0x22 and so on.
PLAIN_HTTP = """
  Object.defineProperty(crypto, "randomUUID", { value: undefined });
  crypto.getRandomValues = (bytes) => bytes.map((_, index) => 17 * index);
"""


def answer_orders(page: Page, status: int, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Answer orders in place of the shop. Return the list to which each order is added."""
    orders: list[dict[str, Any]] = []

    def handle(route: Route) -> None:
        orders.append(route.request.post_data_json or {})
        route.fulfill(status=status, json=answer)

    page.route("**/lyktan/orders", handle)
    return orders


def test_phone_orders_nothing_that_was_not_seen_in_the_basket(stack: Stack, page: Page) -> None:
    page.set_viewport_size(SMALL_PHONE)
    block_app(page)
    open_menu(page, stack.scan())
    order = page.get_by_role("button", name="Order and pay")
    expect(bar_total(page)).to_be_hidden()
    choose(page, "Cinnamon bun", 2)
    expect(order).to_be_hidden()
    expect(page.locator("[data-bar-count]")).to_have_text("2 items")
    expect(page.locator("[data-bar-status]")).to_have_text("2 items, SEK\xa070.00")
    product_row(page, "Cinnamon bun").get_by_role("button", name="Remove one").click()
    expect(page.locator("[data-bar-count]")).to_have_text("1 item")
    choose(page, "Cinnamon bun")

    page.get_by_role("button", name="View order").click()

    expect(page.locator("#basket h2")).to_be_focused()
    expect(basket_row(page, "Cinnamon bun")).to_contain_text("SEK\xa070.00")
    expect(page.locator("#basket output[data-total]")).to_have_text("SEK\xa070.00")
    order.click()
    expect_heading(page, "Pay in SEQR")


def test_wide_screen_shows_the_basket_beside_the_menu(stack: Stack, page: Page) -> None:
    page.set_viewport_size(DESKTOP)
    open_menu(page, stack.scan())
    expect(page.locator("#basket")).to_contain_text("Your basket is empty")
    page.get_by_role("button", name="Order and pay").click()
    expect(page.locator("#form-error")).to_have_text("Add a product first.")

    choose(page, "Cinnamon bun")

    expect(page.locator("#form-error")).to_be_empty()
    expect(basket_row(page, "Cinnamon bun")).to_be_visible()
    page.set_viewport_size(SMALL_PHONE)
    expect(page.locator("#basket")).to_be_hidden()
    open_basket(page)
    page.set_viewport_size(DESKTOP)
    expect(page.locator("[data-beside] #basket")).to_be_visible()


def test_steppers_and_remove_change_the_basket(stack: Stack, page: Page) -> None:
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    choose(page, "Filter coffee", 2)
    open_basket(page)
    coffee = basket_row(page, "Filter coffee")

    coffee.get_by_role("button", name="Add one Filter coffee").click()
    expect(page.locator("#basket output[data-total]")).to_have_text("SEK\xa0131.00")
    expect(coffee.locator("[data-quantity]")).to_have_text("3")
    less = coffee.get_by_role("button", name="Remove one Filter coffee")
    less.click()
    expect(coffee.locator("[data-quantity]")).to_have_text("2")
    less.click()
    expect(coffee.locator("[data-quantity]")).to_have_text("1")
    expect(less).to_be_disabled()
    expect(coffee.get_by_role("button", name="Add one Filter coffee")).to_be_focused()
    basket_row(page, "Cinnamon bun").get_by_role("button", name="Remove Cinnamon bun").click()

    expect(coffee.get_by_role("button", name="Remove Filter coffee")).to_be_focused()
    expect(basket_row(page, "Cinnamon bun")).to_have_count(0)
    coffee.get_by_role("button", name="Remove Filter coffee").click()
    expect(page.locator("#basket h2")).to_be_focused()
    page.get_by_role("button", name="Close").click()
    expect(bar_total(page)).to_be_hidden()


def test_note_stays_as_it_was_typed_while_the_menu_is_read_again(
    stack: Stack, page: Page, set_product: SetProduct
) -> None:
    """It was lost where the customer had gone to another app without leaving the field."""
    page.clock.install()
    open_menu(page, stack.scan())
    choose(page, "Filter coffee")
    open_basket(page)
    note = page.locator("#order-note")
    note.fill("We sit outside ")
    set_product(COFFEE, "40.00")

    page.clock.fast_forward(61_000)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("#basket output[data-total]")).to_have_text("SEK\xa040.00")
    expect(note).to_have_value("We sit outside ")


def test_back_button_and_escape_close_the_basket_and_return_the_focus(
    stack: Stack, page: Page
) -> None:
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    sheet, view = page.locator("#basket-sheet"), page.get_by_role("button", name="View order")
    address = page.url

    for close in (page.go_back, lambda: page.keyboard.press("Escape")):
        view.click()
        expect(sheet).to_be_visible()
        close()
        expect(sheet).to_be_hidden()
        expect(view).to_be_focused()
        wait_until(page, "!history.state?.sheets")
    assert page.url == address
    page.go_forward()  # to the entry of the closed sheet, which opens nothing
    wait_until(page, "!history.state?.sheets")
    view.click()
    page.go_back()
    expect(sheet).to_be_hidden()


def test_changed_and_sold_out_products_are_said_in_their_rows_and_what_to_do(
    stack: Stack, page: Page, console: Console, set_product: SetProduct
) -> None:
    console.expected += ["409", "400"]
    block_app(page)
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun", 2)
    choose(page, "Filter coffee")
    form_error = page.locator("#form-error")
    coffee, bun = basket_row(page, "Filter coffee"), basket_row(page, "Cinnamon bun")

    set_product(COFFEE, "40.00")
    submit_order(page)
    expect(form_error).to_contain_text("was SEK\xa0102.00 and is now SEK\xa0110.00.")
    expect(coffee.locator("[data-problem]")).to_have_text("The price was SEK\xa032.00.")
    more = coffee.get_by_role("button", name="Add one Filter coffee")
    expect(more).to_have_accessible_description("The price was SEK\xa032.00.")
    expect(page.locator("#basket output[data-total]")).to_have_text("SEK\xa0110.00")

    set_product(BUN, "35.00", sold_out=True)
    submit_order(page)
    expect(bun.locator("[data-problem]")).to_have_text("Sold out. Remove it to order the rest.")
    expect(coffee.locator("[data-problem]")).to_have_text("")
    expect(page.locator("#basket output[data-total]")).to_have_text("SEK\xa040.00")
    submit_order(page)
    expect(form_error).to_have_text("Some products cannot be ordered. Change or remove them.")

    bun.get_by_role("button", name="Remove Cinnamon bun").click()
    expect(form_error).to_be_empty()
    submit_order(page)
    expect_heading(page, "Pay in SEQR")
    expect(page.locator("#order [data-total]")).to_have_text("SEK\xa040.00")


def test_basket_found_again_says_what_has_changed_since(stack: Stack, page: Page) -> None:
    change_session(page, with_options)
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    choose(page, "Filter coffee")
    choose(page, "Cappuccino")
    add_latte(page, "Oat milk")
    add_latte(page, "Whole milk")

    def changed(session: Session) -> None:
        with_options(session)
        products = {each["name"]: each for each in session["products"]}
        products["Cinnamon bun"]["price"] = "36.00"
        products["Cappuccino"]["sold_out"] = True
        milk = products["Oat latte"]["option_groups"][0]
        milk["options"] = [milk["options"][1] | {"sold_out": True}]
        session["products"].remove(products["Filter coffee"])

    change_session(page, changed)
    page.reload()
    open_basket(page)

    said = page.locator("#basket [data-rows] [data-problem]").all_inner_texts()
    assert said == [
        "The price was SEK\xa035.00.",
        "No longer for sale. Remove it to order the rest.",
        "Sold out. Remove it to order the rest.",
        "Oat milk is sold out. Change your choice, or remove this.",
        "The choices have changed. Choose again, or remove this.",
    ]
    expect(page.locator("#basket output[data-total]")).to_have_text("SEK\xa036.00")
    expect(basket_row(page, "Filter coffee")).to_be_visible()  # by its last known name


def test_error_of_a_field_is_shown_beside_it(stack: Stack, page: Page, console: Console) -> None:
    console.expected.append("400")
    page.set_viewport_size(SMALL_PHONE)
    change_session(page, with_questions)
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    add_latte(page, "Whole milk")
    open_basket(page)
    places = {
        "rows[1].options": basket_row(page, "Oat latte").locator("[data-problem]"),
        "rows[0].note": basket_row(page, "Cinnamon bun").locator("[data-problem]"),
        "dining": page.locator("#error-dining"),
        "tip": page.locator("#error-tip"),
        "note": page.locator("#error-note"),
        "rows": page.locator("#form-error"),
    }

    for field, place in places.items():
        page.unroute("**/lyktan/orders")
        answer_orders(page, 400, {"error": "invalid", "field": field, "message": f"No: {field}."})
        submit_order(page)
        expect(place).to_have_text(f"No: {field}.")
        expect(place).to_be_in_viewport()
        others = page.locator("#basket .form-error:not(:empty)")
        expect(others).to_have_count(1)


def test_order_has_options_notes_dining_and_tip(stack: Stack, page: Page, console: Console) -> None:
    console.expected.append("400")
    change_session(page, with_questions)
    open_menu(page, stack.scan())
    orders = answer_orders(page, 400, {"error": "invalid", "field": "rows", "message": "No."})
    choose(page, "Cinnamon bun", 2)
    add_latte(page, "Oat milk", "Vanilla syrup", note="  no\n foam  ☕ ")
    add_latte(page, "Vanilla syrup", "Oat milk", note="no foam ☕")  # the same
    add_latte(page, "Whole milk")
    open_basket(page)
    basket = page.locator("#basket")
    expect(basket.get_by_label("Eat here")).to_be_checked()  # the scanned code is on a table
    basket.get_by_label("Take away").check()
    basket.get_by_label("Note to the kitchen").fill("Ring the bell")
    basket.get_by_label("10% ·").check()

    submit_order(page)
    expect(page.locator("#form-error")).to_have_text("No.")
    expect(basket.get_by_label("10% ·")).to_be_checked()
    basket.get_by_label("Own amount").check()
    amount = basket.get_by_label("Amount", exact=True)
    amount.fill("much")
    submit_order(page)
    expect(page.locator("#error-tip")).to_have_text("Enter an amount, such as 25 or 25.50.")
    amount.fill("7,5")
    submit_order(page)
    expect(page.locator("#form-error")).to_have_text("No.")

    bun, latte = (product_id(page, name) for name in ("Cinnamon bun", "Oat latte"))
    rows = [
        {"product": bun, "quantity": 2, "options": [], "note": ""},
        {"product": latte, "quantity": 2, "options": [512, 521], "note": "no foam ☕"},
        {"product": latte, "quantity": 1, "options": [511], "note": ""},
    ]
    both = {"rows": rows, "note": "Ring the bell", "dining": "take_away"}
    first, second = ({**order} for order in orders)
    assert first.pop("nonce") != second.pop("nonce")
    assert first == {**both, "tip": "23.50", "total": "258.50"}
    assert second == {**both, "tip": "7.50", "total": "242.50"}


def test_order_in_progress_is_not_submitted_again(stack: Stack, page: Page) -> None:
    held: list[Route] = []
    block_app(page)
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")
    page.route("**/lyktan/orders", lambda route: held.extend([route]))

    with page.expect_request("**/lyktan/orders"):
        submit_order(page)
    expect(page.get_by_role("button", name="Order and pay")).to_be_disabled()
    page.evaluate("document.querySelector('#basket').requestSubmit()")
    held[0].continue_()

    expect_heading(page, "Pay in SEQR")
    assert len(held) == 1


def test_order_has_a_nonce_also_on_a_page_that_is_served_over_plain_http(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("400")
    page.add_init_script(PLAIN_HTTP)
    open_menu(page, stack.scan())
    orders = answer_orders(page, 400, {"error": "invalid", "field": "rows", "message": "No."})
    choose(page, "Cinnamon bun")

    submit_order(page)
    expect(page.locator("#form-error")).to_have_text("No.")

    assert [order["nonce"] for order in orders] == ["00112233445566778899aabbccddeeff"]


def product_id(page: Page, name: str) -> int:
    """Return the id of a product of the menu."""
    return int(product_row(page, name).get_attribute("data-id") or "")


def test_order_asks_where_the_customer_eats_if_the_code_is_on_no_table(
    stack: Stack, page: Page
) -> None:
    def without_table(session: Session) -> None:
        with_questions(session)
        session["parameters"] = {}

    change_session(page, without_table)
    open_menu(page, stack.scan())
    choose(page, "Cinnamon bun")

    submit_order(page)

    expect(page.locator("#error-dining")).to_have_text("Choose one")
    expect(page.get_by_label("Eat here")).to_be_focused()
    page.get_by_label("Eat here").check()
    expect(page.locator("#error-dining")).to_be_empty()


def test_closed_shop_says_so_at_the_top_and_offers_no_choice(stack: Stack, page: Page) -> None:
    scan = stack.scan()
    open_menu(page, scan)
    choose(page, "Cinnamon bun")

    def closed(session: Session) -> None:
        with_options(session)
        session["unavailable_message"] = "We are closed. We open again at 8."

    change_session(page, closed)
    page.reload()

    notice = page.locator(".closed p")
    expect(notice).to_have_text("We are closed. We open again at 8.")
    expect(notice).to_be_in_viewport()
    retry = page.get_by_role("button", name="Try again")
    held: list[Route] = []
    page.route("**/lyktan/session", lambda route: held.extend([route]), times=1)
    retry.click()
    expect(retry).to_be_disabled()
    held[0].continue_()
    expect(retry).to_be_enabled()
    expect(retry).to_be_focused()
    assert page.get_by_role("button", name="Add one").count() == 0
    product_row(page, "Cinnamon bun").get_by_role("button").click()
    sheet = page.get_by_role("dialog", name="Cinnamon bun")
    expect(sheet).to_contain_text("Contains: gluten, milk")
    expect(sheet.get_by_role("button")).to_have_count(1)  # to close it
    sheet.get_by_role("button").click()
    open_basket(page)
    expect(page.locator("#basket [data-closed]")).to_be_visible()
    expect(page.get_by_role("button", name="Order and pay")).to_be_disabled()
