"""Every state of the customers' pages, and how to bring a page into it, in any language."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from playwright.sync_api import Page, Route

from tests.browser.menus import (
    change_session,
    with_many_products,
    with_problems,
    with_questions,
)
from tests.browser.stack import Scan, Stack
from tests.browser.steps import (
    MAX_FETCH_RETRIES,
    app_is_opened,
    block_app,
    open_basket,
    reference_on,
    submit_order,
)

LATTE, BUN = 2, 4  # their places on the menu
EXPIRED_TOKEN = "0000002012-00000000"
UNPAID = (
    "created",
    "sending",
    "awaiting_payment",
    "cancel_pending",
    "needs_attention",
    "canceled",
    "failed",
    "expired",
)
REFUNDED = {"partly_refunded": "35.00", "refunded": "102.00"}
PROGRESS = ("paid", "preparing", "ready", "served")
PAID = (*PROGRESS, *REFUNDED)
REFUND = """
    INSERT INTO payments_refund (invoice_id, nonce, status, amount, currency, reason_code, reason,
        approval_reason, withdrawal_reason, resolution_reason, requested_by_id, ers_reference)
    SELECT id, invoice_reference, 'REFUNDED', %s, currency, 'other', 'cold coffee', '', '', '',
        (SELECT min(id) FROM auth_user), 'ERS' FROM payments_invoice WHERE invoice_reference = %s
    ON CONFLICT (nonce) DO UPDATE SET amount = excluded.amount
"""
SECOND_SHOP = """
    INSERT INTO orders_shop SELECT (jsonb_populate_record(shop, jsonb_build_object(
        'id', (SELECT max(id) + 1 FROM orders_shop), 'name', 'Hamnbarens Lunchrestaurang',
        'slug', 'baren', 'service_id', 'BAREN', 'paused', true,
        'pause_note_sv', 'Vi är tillbaka klockan två.',
        'pause_note_en', 'We are back at two o''clock.'))).*
    FROM orders_shop shop WHERE slug = 'lyktan'
"""
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

CREDIT = """
    INSERT INTO payments_receipt (seller_id, kind, invoice_id, credited_id, amount, currency,
        legal_name, organisation_number, vat_number, street, postal_code, city)
    SELECT seller_id, 'reversal', invoice_id, paid.id, 35, paid.currency,
        legal_name, organisation_number, vat_number, street, postal_code, city
    FROM payments_receipt paid JOIN payments_invoice invoice ON invoice.id = invoice_id
    WHERE invoice_reference = %s AND kind = 'payment'
        AND NOT EXISTS (SELECT FROM payments_receipt WHERE credited_id = paid.id)
"""


class Customer:
    """One page of one browser, which goes from state to state.

    Orders are placed and paid like any other. Their later states are written into the database,
    since some of them take hours to reach.
    """

    def __init__(self, stack: Stack, page: Page) -> None:
        self.stack = stack
        self.page = page
        self._undo: list[Callable[[], object]] = []
        self._orders: dict[bool, tuple[Scan, str]] = {}

    def go_to(self, state: str) -> None:
        """Bring the page into one of STATES."""
        self.reset()
        STATES[state](self)

    def reset(self) -> None:
        """Undo the changes of the current state, and leave the page."""
        while self._undo:
            self._undo.pop()()
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.goto("about:blank")

    def _open_page(self, page: str = "order", scan: Scan | None = None) -> None:
        scan = scan or self.stack.scan()
        self.page.goto(f"{self.stack.url}/lyktan/{page}#{scan.token}")

    def wait_for_seqr(self) -> None:
        """Open the order page while SEQR has not answered yet."""
        self.page.route("**/lyktan/session", self._hold)
        self._open_page()
        self.page.locator("#connecting").wait_for()

    def open_menu_page(self) -> None:
        """Open the menu, with an empty basket."""
        self._open_page()
        self.page.locator("#menu").wait_for()

    def fill_basket(self) -> None:
        """Choose three items of two products."""
        self.open_menu_page()
        self._choose_three()

    def open_closed_menu(self) -> None:
        """Open the menu of a shop that the staff have paused."""
        self._write_until_reset(
            "UPDATE orders_shop SET paused = %s, pause_note_sv = %s, pause_note_en = %s",
            (True, "Vi är tillbaka klockan två.", "We are back at two o'clock."),
            (False, "", ""),
        )
        self.open_menu_page()
        self.page.locator(".closed p:not(:empty)").wait_for()

    def open_empty_menu(self) -> None:
        """Open the menu of a shop without products."""

        def empty(route: Route) -> None:
            session = route.fetch(max_retries=MAX_FETCH_RETRIES).json()
            route.fulfill(json=session | {"products": [], "categories": []})

        self.page.route("**/lyktan/session", empty)
        self.open_menu_page()

    def open_long_menu(self) -> None:
        """Search a menu of more than 20 products."""
        change_session(self.page, with_many_products)
        self.open_menu_page()
        self.page.get_by_role("searchbox").fill("Crème")

    def open_basket(self) -> None:
        """Open a basket with options and notes, of a shop that asks where one eats and for tips."""
        change_session(self.page, with_questions)
        self.fill_basket()
        self._choose_latte()
        open_basket(self.page)
        self.page.locator("#basket [name=tip]").nth(2).check()

    def open_basket_with_problems(self) -> None:
        """Open a basket whose products were sold out, changed or made dearer meanwhile."""
        self.open_basket()
        self.page.unroute_all()
        change_session(self.page, with_problems)
        self.page.reload()
        open_basket(self.page)
        self.page.locator("#basket [type=submit]").click()
        self.page.locator("#form-error:not(:empty)").wait_for()

    def open_product(self, number: int) -> None:
        """Open the sheet of the product of this number on the menu."""
        change_session(self.page, with_questions)
        self.open_menu_page()
        self.page.locator(".products [data-open]").nth(number).click()
        self.page.locator("#product-sheet").wait_for()

    def order_without_required_option(self) -> None:
        """Try to add a product without choosing what must be chosen."""
        self.open_product(LATTE)
        self.page.locator("#product-sheet [type=submit]").click()
        self.page.locator("#product-sheet .form-error:not(:empty)").wait_for()

    def order_sold_out_product(self) -> None:
        """Order a product that was sold out after it was chosen."""
        self.fill_basket()
        self._write_until_reset(
            "UPDATE orders_product SET sold_out = %s WHERE sku = 'KAF-01'", (True,), (False,)
        )
        submit_order(self.page)
        self.page.locator("#basket .form-error:not(:empty)").first.wait_for()

    def open_order(self, state: str) -> None:
        """Show an order in this state, as all result pages and the order page do."""
        scan = self._prepare_order(state)
        self._open_page("success", scan)
        self.page.locator(f"#order[data-state={state}]").wait_for()

    def open_order_with_usual_time(self) -> None:
        """Show a paid order of a shop whose usual time is known, with the sound switched on."""

        def add_usual_time(route: Route) -> None:
            body = route.fetch(max_retries=MAX_FETCH_RETRIES).json()
            body.get("latest_order", body)["estimate_minutes"] = 8
            route.fulfill(json=body)

        for address in ("**/lyktan/session", ORDER):
            self.page.route(address, add_usual_time)
        self.page.route("**/events", lambda route: route.fulfill(json={}))  # so it polls
        self.open_order("paid")
        self.page.locator("#order [data-alert]").click()
        self.page.locator("#order [data-estimate]").wait_for()

    def open_refunded_order_in_the_kitchen(self) -> None:
        """Show a partly refunded order whose rest is ready."""
        scan = self._prepare_order("partly_refunded")
        _, reference = self._orders[True]
        self.stack.write(
            "UPDATE orders_order SET ready_at = now() WHERE id ="
            " (SELECT order_id FROM payments_invoice WHERE invoice_reference = %s)",
            reference,
        )
        self._open_page("success", scan)
        self.page.locator("#order[data-progress=ready]").wait_for()

    def open_menu_with_awaited_orders(self) -> None:
        """Open the menu as a customer whose order is ready, after another scan."""
        self._open_page("order", self._prepare_order("ready"))
        self.page.locator("[data-awaited] button").wait_for()

    def open_order_with_options(self) -> None:
        """Show a paid order with options, notes, a tip, and a choice of where to eat."""

        def add_choices(route: Route) -> None:
            session = route.fetch(max_retries=MAX_FETCH_RETRIES).json()
            session["latest_order"] |= ORDER_CHOICES
            session["latest_order"]["rows"][0] |= ROW_CHOICES
            route.fulfill(json=session)

        self.page.route("**/lyktan/session", add_choices)
        self.page.route("**/events", self._hold)
        self.page.route(ORDER, self._hold)
        self.open_order("paid")

    def open_my_orders(self) -> None:
        """Show the list of a customer with a paid order."""
        self._open_page("my-orders", self._prepare_order("preparing"))
        self.page.locator("#my-orders li").first.wait_for()

    def open_my_orders_without_any(self) -> None:
        """Show the list of a customer who has ordered nothing."""
        scan = self.stack.scan()
        self._open_page("order", scan)
        self.page.locator("#menu").wait_for()
        self._open_page("my-orders", scan)
        self.page.locator("#my-orders [data-none]").wait_for()

    def open_start_page(self) -> None:
        """Open the root address."""
        self.page.goto(self.stack.url)
        self.page.locator(".start").wait_for()

    def open_start_page_of_several_shops(self) -> None:
        """Open the root address of an installation with two shops, one of them paused."""
        self._undo.append(lambda: self.stack.write("DELETE FROM orders_shop WHERE slug = 'baren'"))
        self.stack.write(SECOND_SHOP)
        self.open_start_page()
        self.page.locator(".shops").wait_for()

    def lose_connection(self) -> None:
        """Lose the connection while the order awaits payment."""
        self.open_order("awaiting_payment")
        self._undo.append(lambda: self.page.context.set_offline(False))
        self.page.context.set_offline(True)
        self.page.locator("#notice:not(:empty)").wait_for()

    def fail_to_open_app(self) -> None:
        """Try to open an app that is not installed, so that the page offers help."""
        self.open_order("awaiting_payment")
        block_app(self.page)
        self.page.locator("#order [data-open-app]").click()
        self.page.locator("#order [data-app-help]").wait_for()

    def open_return_page(self, state: str) -> None:
        """Open the return page in a browser without a session."""
        self._prepare_order(state)
        _, reference = self._orders[state in PAID]
        self.page.goto(self.stack.sandbox.invoice(reference)["back_url"])
        self.page.locator(f"#main[data-state={state}]").wait_for()

    def open_receipt(self) -> None:
        """Open the receipt of a paid order."""
        self.open_return_page("paid")
        self.page.locator("[data-receipt-page]").click()
        self.page.locator(".receipt-page").wait_for()

    def open_refunded_receipt(self) -> None:
        """Open the receipt of a payment of which a part was refunded."""
        self.open_receipt()
        _, reference = self._orders[True]
        self.stack.write(CREDIT, reference)
        self.page.reload()
        self.page.locator(".refunded").first.wait_for()

    def open_credit_receipt(self) -> None:
        """Open the credit receipt of a refund."""
        self.open_refunded_receipt()
        self.page.locator(".refunded a").first.click()
        self.page.wait_for_url("**/receipts/*")

    def mistype_mail_address(self) -> None:
        """Ask for the receipt at an address that is none."""
        self.open_receipt()
        self.page.locator("[name=address]").fill("kim@example")
        self.page.locator("[name=address]").press("Enter")
        self.page.locator(".mail-error").wait_for()

    def fail_to_mail_receipt(self) -> None:
        """Open the page of a receipt whose mail was not sent."""
        self.open_receipt()
        self.page.goto(f"{self.page.url}?mail=unknown#mail")
        self.page.locator("[data-state=failed]").wait_for()

    def use_expired_token(self) -> None:
        """Open the order page with an expired token."""
        self.page.goto(f"{self.stack.url}/lyktan/order#{EXPIRED_TOKEN}")
        self.page.locator("#scan").wait_for()

    def open_missing_order(self) -> None:
        """Open a result page as a customer without an order."""
        self._open_page("success")
        self.page.locator("#nothing").wait_for()

    def open_missing_page(self) -> None:
        """Open an address that does not exist."""
        self.page.goto(f"{self.stack.url}/nowhere/order")

    def _prepare_order(self, state: str) -> Scan:
        """Bring an order into this state: one order for all paid states, one for the others."""
        is_paid = state in PAID
        if is_paid not in self._orders:
            create = self.place_and_pay_order if is_paid else self.place_order
            self._orders[is_paid] = create()
        scan, reference = self._orders[is_paid]
        self.stack.write(
            "UPDATE orders_order SET state = %s,"
            " preparing_at = CASE WHEN %s THEN now() END,"
            " ready_at = CASE WHEN %s THEN now() END,"
            " served_at = CASE WHEN %s THEN now() END WHERE id ="
            " (SELECT order_id FROM payments_invoice WHERE invoice_reference = %s)",
            state,
            *(state == step for step in PROGRESS[1:]),
            reference,
        )
        if state in REFUNDED:
            self.stack.write(REFUND, REFUNDED[state], reference)
        return scan

    def place_order(self) -> tuple[Scan, str]:
        """Order three items of two products; return the scan and the invoice reference."""
        scan = self.stack.scan()
        block_app(self.page)
        self._open_page("order", scan)
        self.page.locator("#menu").wait_for()
        self._choose_three()
        with app_is_opened(self.page):
            submit_order(self.page)
        self.page.locator("#order[data-state=awaiting_payment]").wait_for()
        return scan, reference_on(self.page)

    def place_and_pay_order(self) -> tuple[Scan, str]:
        """Place the same order, and pay it in the app."""
        scan, reference = self.place_order()
        self.stack.sandbox.pay(reference, scan.token)
        self.page.locator("#order[data-state=paid]").wait_for()
        return scan, reference

    def _choose_three(self) -> None:
        for position in (0, 4, 4):
            self.page.locator(".products [data-more]").nth(position).click()

    def _choose_latte(self) -> None:
        """Add a latte with oat milk and vanilla syrup, and a note."""
        self.page.locator(".products [data-more]").nth(LATTE).click()
        sheet = self.page.locator("#product-sheet")
        sheet.wait_for()
        for option in (1, 3):
            sheet.locator(".option input").nth(option).check()
        sheet.locator("textarea").fill("Inget skum, tack ☕")
        sheet.locator("[type=submit]").click()
        sheet.wait_for(state="hidden")

    def _hold(self, route: Route) -> None:
        """Leave the request unanswered until the state is undone."""
        self._undo.append(route.abort)

    def _write_until_reset(
        self, statement: str, now: tuple[object, ...], later: tuple[object, ...]
    ) -> None:
        self._undo.append(lambda: self.stack.write(statement, *later))
        self.stack.write(statement, *now)


STATES: dict[str, Callable[[Customer], None]] = {
    "connecting": Customer.wait_for_seqr,
    "menu": Customer.open_menu_page,
    "menu-chosen": Customer.fill_basket,
    "menu-closed": Customer.open_closed_menu,
    "menu-empty": Customer.open_empty_menu,
    "menu-search": Customer.open_long_menu,
    "basket": Customer.open_basket,
    "basket-problems": Customer.open_basket_with_problems,
    "basket-sold-out-meanwhile": Customer.order_sold_out_product,
    "product": partial(Customer.open_product, number=BUN),
    "product-options": partial(Customer.open_product, number=LATTE),
    "product-option-missing": Customer.order_without_required_option,
    **{
        f"order-{state.replace('_', '-')}": partial(Customer.open_order, state=state)
        for state in (*UNPAID, *PAID)
    },
    "order-usual-time": Customer.open_order_with_usual_time,
    "order-partly-refunded-ready": Customer.open_refunded_order_in_the_kitchen,
    "order-options": Customer.open_order_with_options,
    "menu-awaited-order": Customer.open_menu_with_awaited_orders,
    "my-orders": Customer.open_my_orders,
    "my-orders-none": Customer.open_my_orders_without_any,
    "order-no-connection": Customer.lose_connection,
    "order-no-app": Customer.fail_to_open_app,
    "back-unpaid": partial(Customer.open_return_page, state="awaiting_payment"),
    "back-paid": partial(Customer.open_return_page, state="paid"),
    "back-preparing": partial(Customer.open_return_page, state="preparing"),
    "receipt": Customer.open_receipt,
    "receipt-refunded": Customer.open_refunded_receipt,
    "receipt-credit": Customer.open_credit_receipt,
    "receipt-mail-mistyped": Customer.mistype_mail_address,
    "receipt-mail-failed": Customer.fail_to_mail_receipt,
    "scan-again": Customer.use_expired_token,
    "no-order": Customer.open_missing_order,
    "no-page": Customer.open_missing_page,
    "start": Customer.open_start_page,
    "start-several": Customer.open_start_page_of_several_shops,
}
