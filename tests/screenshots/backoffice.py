"""Pictures of the admin, after a customer has paid and got a part refunded."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page

from seqrshop.local.demo import STAFF_USER
from tests.browser.browsers import new_browser_context
from tests.browser.stack import Stack
from tests.browser.states import Customer

WINDOW = {"width": 1300, "height": 900}
LISTS = {
    "orders": "orders/order",
    "products": "orders/product",
    "shops": "orders/shop",
    "sellers": "orders/seller",
    "terminals": "orders/terminal",
    "codes": "orders/qrcode",
    "invoices": "payments/invoice",
    "audit": "orders/auditevent",
}


def take(stack: Stack, chromium: Browser, password: str, folder: Path) -> None:
    """Save the lists, an order with a history, and what adds a shop, in the folder."""
    context = new_browser_context(chromium, viewport=WINDOW)
    _, reference = Customer(stack, context.new_page()).place_and_pay_order()
    page = context.new_page()
    _log_in(page, stack, password)
    [(order, invoice)] = stack.read(
        "SELECT order_id, id FROM payments_invoice WHERE invoice_reference = %s", reference
    )
    _refund(page, f"{stack.url}/admin/payments/invoice/{invoice}/refund/")
    stack.wait_for("SELECT 1 FROM orders_order WHERE state = 'partly_refunded'")
    [(shop,)] = stack.read("SELECT id FROM orders_shop WHERE slug = 'lyktan'")
    pages = {
        **LISTS,
        "order": f"orders/order/{order}/change",
        "add-shop": "orders/shop/add",
        "shop-start": f"orders/shop/{shop}/start",
    }
    for name, path in pages.items():
        page.goto(f"{stack.url}/admin/{path}/")
        page.screenshot(path=folder / f"{name}.png", full_page=True)
    context.close()


def _log_in(page: Page, stack: Stack, password: str) -> None:
    page.goto(f"{stack.url}/admin/")
    page.get_by_label("Username").fill(STAFF_USER)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.locator("#user-tools").wait_for()


def _refund(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Amount").fill("35.00")
    page.get_by_label("Reason").fill("One bun was yesterday's")
    page.get_by_role("button", name="Refund").click()
    page.get_by_text("The refund is being sent to SEQR.").wait_for()
