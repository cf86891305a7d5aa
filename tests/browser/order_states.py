"""The states of an order, and of the list of a customer's orders."""

from __future__ import annotations

import re

from playwright.sync_api import Route

from tests.browser.customer import Customer
from tests.browser.steps import MAX_FETCH_RETRIES, block_app

ORDER_CHOICES = {
    "note": "Vi sitter vid fönstret 🪟",
    "dining": {"key": "eat_here", "name": "Ät här"},
    "tip": {"name": "Dricks", "total": "10.00"},
}
ROW_CHOICES = {
    "note": "utan socker, extra varm",
    "options": [
        {"id": 1, "name": "Havremjölk", "unit_price": "5.00", "total": "5.00"},
        {"id": 2, "name": "Liten", "unit_price": "0.00", "total": "0.00"},
    ],
}
ORDER = re.compile(r"/orders/[0-9a-f-]{36}$")


def open_order(customer: Customer, state: str) -> None:
    """Show an order in this state, as all result pages and the order page do."""
    scan = customer.prepare_order(state)
    customer.open_page("success", scan)
    customer.page.locator(f"#order[data-state={state}]").wait_for()


def open_order_with_usual_time(customer: Customer) -> None:
    """Show a paid order of a shop whose usual time is known, with the sound switched on."""

    def add_usual_time(route: Route) -> None:
        body = route.fetch(max_retries=MAX_FETCH_RETRIES).json()
        body.get("latest_order", body)["estimate_minutes"] = 8
        route.fulfill(json=body)

    for address in ("**/lyktan/session", ORDER):
        customer.page.route(address, add_usual_time)
    customer.page.route("**/events", lambda route: route.fulfill(json={}))  # so it polls
    open_order(customer, "paid")
    customer.page.locator("#order [data-alert]").click()
    customer.page.locator("#order [data-estimate]").wait_for()


def open_refunded_order_in_the_kitchen(customer: Customer) -> None:
    """Show a partly refunded order whose rest is ready."""
    scan = customer.prepare_order("partly_refunded")
    reference = customer.reference_of("partly_refunded")
    customer.stack.write(
        "UPDATE orders_order SET ready_at = now() WHERE id ="
        " (SELECT order_id FROM payments_invoice WHERE invoice_reference = %s)",
        reference,
    )
    customer.open_page("success", scan)
    customer.page.locator("#order[data-progress=ready]").wait_for()


def open_order_with_options(customer: Customer) -> None:
    """Show a paid order with options, notes, a tip, and a choice of where to eat."""

    def add_choices(route: Route) -> None:
        session = route.fetch(max_retries=MAX_FETCH_RETRIES).json()
        session["latest_order"] |= ORDER_CHOICES
        session["latest_order"]["rows"][0] |= ROW_CHOICES
        route.fulfill(json=session)

    customer.page.route("**/lyktan/session", add_choices)
    customer.page.route("**/events", customer.hold)
    customer.page.route(ORDER, customer.hold)
    open_order(customer, "paid")


def open_my_orders(customer: Customer) -> None:
    """Show the list of a customer with a paid order."""
    customer.open_page("my-orders", customer.prepare_order("preparing"))
    customer.page.locator("#my-orders li").first.wait_for()


def open_my_orders_without_any(customer: Customer) -> None:
    """Show the list of a customer who has ordered nothing."""
    scan = customer.stack.scan()
    customer.open_page("order", scan)
    customer.page.locator("#menu").wait_for()
    customer.open_page("my-orders", scan)
    customer.page.locator("#my-orders [data-none]").wait_for()


def lose_connection(customer: Customer) -> None:
    """Lose the connection while the order awaits payment."""
    open_order(customer, "awaiting_payment")
    customer.on_reset(lambda: customer.page.context.set_offline(False))
    customer.page.context.set_offline(True)
    customer.page.locator("#notice:not(:empty)").wait_for()


def fail_to_open_app(customer: Customer) -> None:
    """Try to open an app that is not installed, so that the page offers help."""
    open_order(customer, "awaiting_payment")
    block_app(customer.page)
    customer.page.locator("#order [data-open-app]").click()
    customer.page.locator("#order [data-app-help]").wait_for()
