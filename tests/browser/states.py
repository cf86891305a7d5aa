"""Every state that a customer's page can be in, and how a page comes there, in any language."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from playwright.sync_api import Page, Route

from tests.browser.stack import Scan, Stack
from tests.browser.steps import opens_the_app, reference_on, stay_here

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
PAID = ("paid", "served", *REFUNDED)
REFUND = """
    INSERT INTO payments_refund (invoice_id, nonce, status, amount, currency, reason,
        resolution_reason, requested_by_id, ers_reference)
    SELECT id, invoice_reference, 'REFUNDED', %s, currency, 'cold coffee', '',
        (SELECT min(id) FROM auth_user), 'ERS' FROM payments_invoice WHERE invoice_reference = %s
    ON CONFLICT (nonce) DO UPDATE SET amount = excluded.amount
"""


class Customer:
    """One page of one browser, brought from state to state.

    How an order stands is written into the database: it would take hours to see some of them come
    about. The order itself is made and paid as any other.
    """

    def __init__(self, stack: Stack, page: Page) -> None:
        self.stack = stack
        self.page = page
        self._undo: list[Callable[[], object]] = []
        self._orders: dict[bool, tuple[Scan, str]] = {}

    def comes_to(self, state: str) -> None:
        """Bring the page to one of STATES."""
        self.leaves()
        STATES[state](self)

    def leaves(self) -> None:
        """Leave everything as it was before."""
        while self._undo:
            self._undo.pop()()
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.goto("about:blank")

    def _scans(self, page: str = "order", scan: Scan | None = None) -> None:
        scan = scan or self.stack.scan()
        self.page.goto(f"{self.stack.url}/lyktan/{page}#{scan.token}")

    def connects(self) -> None:
        """SEQR has not said yet who it is."""
        self.page.route("**/lyktan/session", self._hold)
        self._scans()
        self.page.locator("#connecting").wait_for()

    def sees_the_menu(self) -> None:
        """Nothing is chosen yet."""
        self._scans()
        self.page.locator("#menu").wait_for()

    def chooses(self) -> None:
        """Three things, of two kinds."""
        self.sees_the_menu()
        self._takes_three()

    def finds_it_closed(self) -> None:
        """The staff have paused the shop."""
        self._write_for_now(
            "UPDATE orders_shop SET paused = %s, pause_note_sv = %s, pause_note_en = %s",
            (True, "Vi är tillbaka klockan två.", "We are back at two o'clock."),
            (False, "", ""),
        )
        self.sees_the_menu()
        self.page.locator("#closed:not(:empty)").wait_for()

    def finds_nothing_for_sale(self) -> None:
        """There is no product at all."""

        def empty(route: Route) -> None:
            session = route.fetch().json()
            route.fulfill(json=session | {"products": [], "categories": []})

        self.page.route("**/lyktan/session", empty)
        self.sees_the_menu()

    def is_refused(self) -> None:
        """What was chosen has been sold out meanwhile."""
        self.chooses()
        self._write_for_now(
            "UPDATE orders_product SET sold_out = %s WHERE sku = 'KAF-01'", (True,), (False,)
        )
        self.page.locator("#menu [type=submit]").click()
        self.page.locator("#menu .form-error").first.wait_for()

    def has_an_order(self, state: str) -> None:
        """As it is shown on any of the three result pages, or on the order page."""
        scan = self._order_in(state)
        self._scans("success", scan)
        self.page.locator(f"#order[data-state={state}]").wait_for()

    def loses_the_connection(self) -> None:
        """While the order waits to be paid."""
        self.has_an_order("awaiting_payment")
        self._undo.append(lambda: self.page.context.set_offline(False))
        self.page.context.set_offline(True)
        self.page.locator("#notice:not(:empty)").wait_for()

    def has_no_app(self) -> None:
        """Or none that opens: the page offers what helps."""
        self.has_an_order("awaiting_payment")
        stay_here(self.page)
        self.page.locator("#order [data-open-app]").click()
        self.page.locator("#order [data-app-help]").wait_for()

    def comes_back(self, state: str) -> None:
        """From the app, to a browser that knows nothing of the visit."""
        self._order_in(state)
        _, reference = self._orders[state in PAID]
        self.page.goto(self.stack.sandbox.invoice(reference)["back_url"])
        self.page.locator(f"#main[data-state={state}]").wait_for()

    def reads_the_receipt(self) -> None:
        """Of an order that is paid."""
        self.comes_back("paid")
        self.page.locator("[data-receipt-page]").click()
        self.page.locator(".receipt-page").wait_for()

    def has_an_expired_token(self) -> None:
        """The visit has ended, or was none."""
        self.page.goto(f"{self.stack.url}/lyktan/order#{EXPIRED_TOKEN}")
        self.page.locator("#scan").wait_for()

    def finds_no_order(self) -> None:
        """On a result page, of a customer who has ordered nothing."""
        self._scans("success")
        self.page.locator("#nothing").wait_for()

    def finds_no_page(self) -> None:
        """At an address that leads nowhere."""
        self.page.goto(f"{self.stack.url}/nowhere/order")

    def _order_in(self, state: str) -> Scan:
        """Have an order be in this state; one order for all that are paid, one for all others."""
        is_paid = state in PAID
        if is_paid not in self._orders:
            make = self.pays_for_an_order if is_paid else self.makes_an_order
            self._orders[is_paid] = make()
        scan, reference = self._orders[is_paid]
        self.stack.write(
            "UPDATE orders_order SET state = %s WHERE id ="
            " (SELECT order_id FROM payments_invoice WHERE invoice_reference = %s)",
            state,
            reference,
        )
        if state in REFUNDED:
            self.stack.write(REFUND, REFUNDED[state], reference)
        return scan

    def makes_an_order(self) -> tuple[Scan, str]:
        """Order three things, of two kinds; return the scan and the invoice's reference."""
        scan = self.stack.scan()
        stay_here(self.page)
        self._scans("order", scan)
        self.page.locator("#menu").wait_for()
        self._takes_three()
        with opens_the_app(self.page):
            self.page.locator("#menu [type=submit]").click()
        self.page.locator("#order[data-state=awaiting_payment]").wait_for()
        return scan, reference_on(self.page)

    def pays_for_an_order(self) -> tuple[Scan, str]:
        """Order the same, and pay it in the app."""
        scan, reference = self.makes_an_order()
        self.stack.sandbox.pay(reference, scan.token)
        self.page.locator("#order[data-state=paid]").wait_for()
        return scan, reference

    def _takes_three(self) -> None:
        for which in (0, 4, 4):
            self.page.locator("#menu [data-more]").nth(which).click()

    def _hold(self, route: Route) -> None:
        """Keep the page waiting for an answer as long as it is in this state."""
        self._undo.append(route.abort)

    def _write_for_now(
        self, statement: str, now: tuple[object, ...], later: tuple[object, ...]
    ) -> None:
        self._undo.append(lambda: self.stack.write(statement, *later))
        self.stack.write(statement, *now)


STATES: dict[str, Callable[[Customer], None]] = {
    "connecting": Customer.connects,
    "menu": Customer.sees_the_menu,
    "menu-chosen": Customer.chooses,
    "menu-closed": Customer.finds_it_closed,
    "menu-empty": Customer.finds_nothing_for_sale,
    "menu-sold-out-meanwhile": Customer.is_refused,
    **{
        f"order-{state.replace('_', '-')}": partial(Customer.has_an_order, state=state)
        for state in (*UNPAID, *PAID)
    },
    "order-no-connection": Customer.loses_the_connection,
    "order-no-app": Customer.has_no_app,
    "back-unpaid": partial(Customer.comes_back, state="awaiting_payment"),
    "back-paid": partial(Customer.comes_back, state="paid"),
    "receipt": Customer.reads_the_receipt,
    "scan-again": Customer.has_an_expired_token,
    "no-order": Customer.finds_no_order,
    "no-page": Customer.finds_no_page,
}
