"""The states of the start page, and of addresses that lead nowhere."""

from __future__ import annotations

from tests.browser.customer import Customer

EXPIRED_TOKEN = "0000002012-00000000"
SECOND_SHOP = """
    INSERT INTO orders_shop SELECT (jsonb_populate_record(shop, jsonb_build_object(
        'id', (SELECT max(id) + 1 FROM orders_shop), 'name', 'Hamnbarens Lunchrestaurang',
        'slug', 'baren', 'service_id', 'BAREN', 'paused', true,
        'pause_note_sv', 'Vi är tillbaka klockan två.',
        'pause_note_en', 'We are back at two o''clock.'))).*
    FROM orders_shop shop WHERE slug = 'lyktan'
"""


def open_start_page(customer: Customer) -> None:
    """Open the root address."""
    customer.page.goto(customer.stack.url)
    customer.page.locator(".start").wait_for()


def open_start_page_of_several_shops(customer: Customer) -> None:
    """Open the root address of an installation with two shops, one of them paused."""
    customer.on_reset(lambda: customer.stack.write("DELETE FROM orders_shop WHERE slug = 'baren'"))
    customer.stack.write(SECOND_SHOP)
    open_start_page(customer)
    customer.page.locator(".shops").wait_for()


def open_privacy_page(customer: Customer) -> None:
    """Open the page that says what the shop keeps, by the link on the root page."""
    open_start_page(customer)
    customer.page.locator(".footer a").click()
    customer.page.locator(".privacy").wait_for()


def use_expired_token(customer: Customer) -> None:
    """Open the order page with an expired token."""
    customer.page.goto(f"{customer.stack.url}/lyktan/order#{EXPIRED_TOKEN}")
    customer.page.locator("#scan").wait_for()


def open_missing_order(customer: Customer) -> None:
    """Open a result page as a customer without an order."""
    customer.open_page("success")
    customer.page.locator("#nothing").wait_for()


def open_missing_page(customer: Customer) -> None:
    """Open an address that does not exist."""
    customer.page.goto(f"{customer.stack.url}/nowhere/order")
