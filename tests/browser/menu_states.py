"""The states of the menu, the basket and a product's sheet."""

from __future__ import annotations

from playwright.sync_api import Route

from tests.browser.customer import Customer
from tests.browser.menus import (
    change_session,
    with_many_products,
    with_problems,
    with_questions,
)
from tests.browser.steps import MAX_FETCH_RETRIES, open_basket, submit_order

LATTE, BUN = 2, 4  # their places on the menu


def wait_for_seqr(customer: Customer) -> None:
    """Open the order page while SEQR has not answered yet."""
    customer.page.route("**/lyktan/session", customer.hold)
    customer.open_page()
    customer.page.locator("#connecting").wait_for()


def open_menu_page(customer: Customer) -> None:
    """Open the menu, with an empty basket."""
    customer.open_page()
    customer.page.locator("#menu").wait_for()


def fill_basket(customer: Customer) -> None:
    """Choose three items of two products."""
    open_menu_page(customer)
    customer.choose_three()


def open_closed_menu(customer: Customer) -> None:
    """Open the menu of a shop that the staff have paused."""
    customer.write_until_reset(
        "UPDATE orders_shop SET paused = %s, pause_note_sv = %s, pause_note_en = %s",
        (True, "Vi är tillbaka klockan två.", "We are back at two o'clock."),
        (False, "", ""),
    )
    open_menu_page(customer)
    customer.page.locator(".closed p:not(:empty)").wait_for()


def open_empty_menu(customer: Customer) -> None:
    """Open the menu of a shop without products."""

    def empty(route: Route) -> None:
        session = route.fetch(max_retries=MAX_FETCH_RETRIES).json()
        route.fulfill(json=session | {"products": [], "categories": []})

    customer.page.route("**/lyktan/session", empty)
    open_menu_page(customer)


def open_long_menu(customer: Customer) -> None:
    """Search a menu of more than 20 products."""
    change_session(customer.page, with_many_products)
    open_menu_page(customer)
    customer.page.get_by_role("searchbox").fill("Crème")


def open_menu_with_awaited_orders(customer: Customer) -> None:
    """Open the menu as a customer whose order is ready, after another scan."""
    customer.open_page("order", customer.prepare_order("ready"))
    customer.page.locator("[data-awaited] button").wait_for()


def open_full_basket(customer: Customer) -> None:
    """Open a basket with options and notes, of a shop that asks where one eats and for tips."""
    change_session(customer.page, with_questions)
    fill_basket(customer)
    _choose_latte(customer)
    open_basket(customer.page)
    customer.page.locator("#basket [name=tip]").nth(2).check()


def open_basket_with_problems(customer: Customer) -> None:
    """Open a basket whose products were sold out, changed or made dearer meanwhile."""
    open_full_basket(customer)
    change_session(customer.page, with_problems)
    customer.page.reload()
    open_basket(customer.page)
    customer.page.locator("#basket [type=submit]").click()
    customer.page.locator("#form-error:not(:empty)").wait_for()


def order_sold_out_product(customer: Customer) -> None:
    """Order a product that was sold out after it was chosen."""
    fill_basket(customer)
    customer.write_until_reset(
        "UPDATE orders_product SET sold_out = %s WHERE sku = 'KAF-01'", (True,), (False,)
    )
    submit_order(customer.page)
    customer.page.locator("#basket .form-error:not(:empty)").first.wait_for()


def open_product(customer: Customer, number: int) -> None:
    """Open the sheet of the product of this number on the menu."""
    change_session(customer.page, with_questions)
    open_menu_page(customer)
    customer.page.locator(".products [data-open]").nth(number).click()
    customer.page.locator("#product-sheet").wait_for()


def order_without_required_option(customer: Customer) -> None:
    """Try to add a product without choosing what must be chosen."""
    open_product(customer, LATTE)
    customer.page.locator("#product-sheet [type=submit]").click()
    customer.page.locator("#product-sheet .form-error:not(:empty)").wait_for()


def _choose_latte(customer: Customer) -> None:
    """Add a latte with oat milk and vanilla syrup, and a note."""
    customer.page.locator(".products [data-more]").nth(LATTE).click()
    sheet = customer.page.locator("#product-sheet")
    sheet.wait_for()
    for option in (1, 3):
        sheet.locator(".option input").nth(option).check()
    sheet.locator("textarea").fill("Inget skum, tack ☕")
    sheet.locator("[type=submit]").click()
    sheet.wait_for(state="hidden")
