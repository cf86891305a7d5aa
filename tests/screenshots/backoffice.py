"""Pictures of the admin, after a customer has paid and got a part refunded."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize

from seqrshop.local.demo import STAFF_USER
from tests.browser.browsers import new_browser_context
from tests.browser.stack import Stack
from tests.browser.states import Customer

WINDOW: ViewportSize = {"width": 1280, "height": 900}
WIDTHS = (1024, 390)  # besides
LISTS = {
    "orders": "orders/order",
    "products": "orders/product",
    "shops": "orders/shop",
    "sellers": "orders/seller",
    "terminals": "orders/terminal",
    "codes": "orders/qrcode",
    "invoices": "payments/invoice",
    "refunds": "payments/refund",
    "cases": "payments/moneycase",
    "people": "auth/user",
    "audit": "orders/auditevent",
}
SHOP = "lyktan"
# The pages that staff work with are taken in every width, theme and language.
STAFF_PAGES = {
    "kitchen": f"kitchen/{SHOP}",
    "search": "search?q=10",
    "roles": "roles",
    "security": "security",
    "bulk": "bulk",
}


def take(stack: Stack, chromium: Browser, password: str, folder: Path) -> None:
    """Save the lists, the pages of the staff's day, and what adds a shop, in the folder."""
    context = new_browser_context(chromium, viewport=WINDOW)
    _, reference = Customer(stack, context.new_page()).place_and_pay_order()
    page = context.new_page()
    _log_in(page, stack, password)
    [(order, invoice)] = stack.read(
        "SELECT order_id, id FROM payments_invoice WHERE invoice_reference = %s", reference
    )
    refund = f"{stack.url}/admin/payments/invoice/{invoice}/refund/"
    admin = f"{stack.url}/admin"
    worked_with = {
        "today": f"{admin}/",
        "order": f"{admin}/orders/order/{order}/change/",
        "refund": refund,
        **{name: f"{stack.url}/staff/{path}" for name, path in STAFF_PAGES.items()},
    }
    _take_everywhere(page, worked_with, folder)
    _refund(page, refund)
    stack.wait_for("SELECT 1 FROM orders_order WHERE state = 'partly_refunded'")
    [(shop,)] = stack.read("SELECT id FROM orders_shop WHERE slug = %s", SHOP)
    pages = {
        **LISTS,
        "order-refunded": f"orders/order/{order}/change",
        "add-shop": "orders/shop/add",
        "shop-start": f"orders/shop/{shop}/start",
    }
    for name, path in pages.items():
        page.goto(f"{admin}/{path}/")
        page.screenshot(path=folder / f"{name}.png", full_page=True)
    context.close()


def _take_everywhere(page: Page, addresses: dict[str, str], folder: Path) -> None:
    """Save each page in English, and on a phone in Swedish and in the dark, too."""
    for name, address in addresses.items():
        page.goto(address)
        page.screenshot(path=folder / f"{name}.png", full_page=True)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": WINDOW["height"]})
            page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=folder / f"{name}-{WIDTHS[-1]}-dark.png", full_page=True)
        page.set_viewport_size(WINDOW)
        page.screenshot(path=folder / f"{name}-dark.png", full_page=True)
        page.emulate_media(color_scheme="light")
    page.goto(f"{addresses['today']}?language=sv")
    for name, address in addresses.items():
        page.goto(address)
        page.screenshot(path=folder / f"{name}-sv.png", full_page=True)
    page.goto(f"{addresses['today']}?language=en")


def _log_in(page: Page, stack: Stack, password: str) -> None:
    page.goto(f"{stack.url}/admin/")
    page.get_by_label("Username").fill(STAFF_USER)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.locator("#user-tools").wait_for()


def _refund(page: Page, address: str) -> None:
    page.goto(f"{address}?amount=35.00")
    page.get_by_label("Something was wrong with it").check(force=True)
    page.get_by_role("button", name="Refund").click()
    page.get_by_text("The refund is being sent to SEQR.").wait_for()
