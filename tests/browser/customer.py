"""A customer's page, and the orders that it shows."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Route

from tests.browser.menus import keep_session
from tests.browser.stack import Scan, Stack
from tests.browser.steps import app_is_opened, block_app, reference_on, submit_order

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

    def reset(self) -> None:
        """Undo the changes of the current state, and leave the page."""
        while self._undo:
            self._undo.pop()()
        self.page.unroute_all(behavior="ignoreErrors")
        keep_session(self.page)
        self.page.goto("about:blank")

    def on_reset(self, undo: Callable[[], object]) -> None:
        """Call this function on the next reset; the last one given is called first."""
        self._undo.append(undo)

    def open_page(self, page: str = "order", scan: Scan | None = None) -> None:
        """Open a page of the shop after this scan, or after a new one."""
        scan = scan or self.stack.scan()
        self.page.goto(f"{self.stack.url}/lyktan/{page}#{scan.token}")

    def choose_three(self) -> None:
        """Add three items of two products to the basket."""
        for position in (0, 4, 4):
            self.page.locator(".products [data-more]").nth(position).click()

    def place_order(self) -> tuple[Scan, str]:
        """Order three items of two products; return the scan and the invoice reference."""
        scan = self.stack.scan()
        block_app(self.page)
        self.open_page("order", scan)
        self.page.locator("#menu").wait_for()
        self.choose_three()
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

    def prepare_order(self, state: str) -> Scan:
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

    def reference_of(self, state: str) -> str:
        """Return the invoice reference of the order that was prepared for this state."""
        _, reference = self._orders[state in PAID]
        return reference

    def hold(self, route: Route) -> None:
        """Leave the request unanswered until the state is undone."""
        self._undo.append(route.abort)

    def write_until_reset(
        self, statement: str, now: tuple[object, ...], later: tuple[object, ...]
    ) -> None:
        """Execute the statement with these values, and on reset with the later ones."""
        self._undo.append(lambda: self.stack.write(statement, *later))
        self.stack.write(statement, *now)
