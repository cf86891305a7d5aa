"""Pictures of the back office, after a customer has paid and got a part refunded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize

from payments.receipts.content import STOCKHOLM
from seqrshop.local.demo import STAFF_USER
from tests.browser.browsers import THEMES, new_browser_context
from tests.browser.customer import Customer
from tests.browser.stack import Stack

WINDOW: ViewportSize = {"width": 1280, "height": 900}
WIDTHS = (1280, 1024, 390)
LANGUAGES = ("en", "sv")
SHOP = "lyktan"
LISTS = {
    "orders": "orders/order",
    "products": "orders/product",
    "option-groups": "orders/optiongroup",
    "options": "orders/option",
    "shops": "orders/shop",
    "sellers": "orders/seller",
    "terminals": "orders/terminal",
    "codes": "orders/qrcode",
    "invoices": "payments/invoice",
    "refunds": "payments/refund",
    "approvals": "payments/refund/approvals",
    "cases": "payments/moneycase",
    "periods": "payments/transactionperiod",
    "report-rows": "payments/periodrow",
    "payment-checks": "payments/pollshard",
    "people": "auth/user",
    "groups": "auth/group",
    "audit": "orders/auditevent",
}
NEW_ROWS = {"add-shop": "orders/shop", "add-code": "orders/qrcode", "invite": "auth/user"}
# The first row of a table has its page taken, and the pages below it.
ROWS = {
    "product": ("orders_product", "orders/product", ("change",)),
    "option": ("orders_option", "orders/option", ("change",)),
    "option-group": ("orders_optiongroup", "orders/optiongroup", ("change",)),
    "shop": ("orders_shop", "orders/shop", ("change", "start", "terminal", "hours", "menu")),
    "code": ("orders_qrcode", "orders/qrcode", ("change",)),
    "terminal": ("orders_terminal", "orders/terminal", ("change", "retire")),
    "seller": ("orders_seller", "orders/seller", ("change",)),
    "invoice": ("payments_invoice", "payments/invoice", ("change",)),
    "refund-made": ("payments_refund", "payments/refund", ("change",)),
    "case": ("payments_moneycase", "payments/moneycase", ("change",)),
    "period": ("payments_transactionperiod", "payments/transactionperiod", ("change",)),
    "person": ("auth_user", "auth/user", ("change",)),
    "group": ("auth_group", "auth/group", ("change",)),
}
STAFF_PAGES = {
    "search": "search?q=10",
    "search-empty": "search?q=nothing",
    "kitchen": f"kitchen/{SHOP}",
    "closing-days": "closing",
    "closing": f"closing/{SHOP}/{datetime.now(STOCKHOLM):%Y-%m-%d}",
    "dashboard": "dashboard",
    "roles": "roles",
    "kept": "privacy",
    "customers": "customers",
    "customer": "customers/1",
    "customer-erase": "customers/1/erase",
    "security": "security",
    "add-app": "security/app",
    "add-passkey": "security/passkey",
    "bulk": "bulk",
    "tables": "codes/tables",
    "print-files": "codes/print",
}
TO_APPROVE = """
    INSERT INTO payments_refund (invoice_id, nonce, status, amount, currency, reason_code, reason,
        approval_reason, withdrawal_reason, resolution_reason, requested_by_id)
    SELECT id, 'to-approve', 'REQUESTED', 20, currency, 'too_late', '', 'payment_limit', '', '',
        (SELECT max(id) FROM auth_user) FROM payments_invoice WHERE id = %s
"""
CASE = """
    INSERT INTO payments_moneycase (kind, key, order_id, invoice_id, summary, closing_reason)
    SELECT 'possibly_reversed', id, order_id, id, 'first seen after 20 s', ''
    FROM payments_invoice WHERE id = %s
"""
PERIOD = """
    INSERT INTO payments_transactionperiod (day, terminal_id, status, transaction_period_id,
        marking_started_at, marking_ended_at, fetched_at)
    SELECT current_date - 1, min(id), 'RECONCILED', 'period-1', now(), now(), now()
    FROM orders_terminal
"""


def take(stack: Stack, chromium: Browser, password: str, folder: Path) -> None:
    """Save each page of the back office in every width, theme and language, in the folder."""
    context = new_browser_context(chromium, viewport=WINDOW)
    _, reference = Customer(stack, context.new_page()).place_and_pay_order()
    page = context.new_page()
    for name in _each_look(page, folder, "sign-in", f"{stack.url}/admin/login/"):
        _save(page, name)
    _log_in(page, stack, password)
    [(order, invoice)] = stack.read(
        "SELECT order_id, id FROM payments_invoice WHERE invoice_reference = %s", reference
    )
    refund = f"{stack.url}/admin/payments/invoice/{invoice}/refund/"
    of_order = f"{stack.url}/admin/orders/order/{order}/change/"
    before = {"today-without-cases": f"{stack.url}/admin/", "order": of_order, "refund": refund}
    _take_everywhere(page, before, folder)
    _refund(page, refund)
    stack.wait_for("SELECT 1 FROM orders_order WHERE state = 'partly_refunded'")
    for statement in (TO_APPROVE, CASE):
        stack.write(statement, invoice)
    stack.write(PERIOD)
    _take_everywhere(page, {"order-refunded": of_order, **_addresses(stack)}, folder)
    products = f"{stack.url}/admin/orders/product/"
    for name in _each_look(page, folder, "bulk-question", products):
        page.goto(products)
        for number in range(2):
            page.locator("[name=_selected_action]").nth(number).check()
        page.locator("select[name=action]").select_option(value="mark_sold_out")
        page.locator(".actions button").click()
        _save(page, name)
    context.close()


def _addresses(stack: Stack) -> dict[str, str]:
    """Return the addresses of the pages by the names of their pictures."""
    pages = {"today": ""} | {name: f"{path}/" for name, path in LISTS.items()}
    pages |= {name: f"{path}/add/" for name, path in NEW_ROWS.items()}
    for name, (table, path, of_row) in ROWS.items():
        [(row,)] = stack.read(f"SELECT min(id) FROM {table}")  # noqa: S608
        for page in of_row if row is not None else ():
            pages[name if page == "change" else f"{name}-{page}"] = f"{path}/{row}/{page}/"
    return {
        **{name: f"{stack.url}/admin/{path}" for name, path in pages.items()},
        **{name: f"{stack.url}/staff/{path}" for name, path in STAFF_PAGES.items()},
    }


def _take_everywhere(page: Page, addresses: dict[str, str], folder: Path) -> None:
    """Save pages in every width, theme and language."""
    for name, address in addresses.items():
        for path in _each_look(page, folder, name, address):
            _save(page, path)


def _save(page: Page, path: Path) -> None:
    """Save the whole page, once its colours have faded into those of the theme."""
    page.screenshot(path=path, full_page=True, animations="disabled")


def _each_look(page: Page, folder: Path, name: str, address: str) -> Iterator[Path]:
    """Bring a page into each of its looks; yield where the picture is saved."""
    separator = "&" if "?" in address else "?"
    for language in LANGUAGES:
        page.goto(f"{address}{separator}language={language}")
        page.goto(address)
        for width, theme in product(WIDTHS, THEMES):
            page.set_viewport_size({"width": width, "height": WINDOW["height"]})
            page.emulate_media(color_scheme=theme)
            yield folder / f"{width}-{theme}-{language}" / f"{name}.png"
    page.goto(f"{address}{separator}language={LANGUAGES[0]}")
    page.set_viewport_size(WINDOW)
    page.emulate_media(color_scheme=THEMES[0])


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
