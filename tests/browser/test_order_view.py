"""What the page of an order shows of it, and what the customer can do in each state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browsers import still_browser_context
from tests.browser.conftest import Console
from tests.browser.customer import Customer
from tests.browser.menus import Session, change_session
from tests.browser.order_states import ORDER, open_order
from tests.browser.stack import Stack

pytestmark = pytest.mark.browser

ROWS = [
    {
        "product": 1,
        "name": "Oat latte",
        "quantity": 2,
        "unit_price": "49.00",
        "total": "98.00",
        "note": "no foam",
        "refunded": 1,
        "options": [
            {"id": 1, "name": "Oat milk", "unit_price": "5.00", "total": "10.00"},
            {"id": 2, "name": "Small", "unit_price": "0.00", "total": "0.00"},
        ],
    },
    {
        "product": 2,
        "name": "Cinnamon bun",
        "quantity": 1,
        "unit_price": "35.00",
        "total": "35.00",
        "note": "",
        "refunded": 0,
        "options": [],
    },
]
FULL: dict[str, Any] = {
    "number": "12345",
    "rows": ROWS,
    "note": "We sit outside",
    "dining": {"key": "eat_here", "name": "Eat here"},
    "parameters": {"TABLE": "4"},
    "ordered_at": "2026-01-02T13:04:05+01:00",
    "tip": {"name": "Tip", "total": "10.00"},
    "discounts": [{"name": "Regular", "total": "-4.50"}],
    "refunded": "54.00",
    "total": {"value": "1148.50", "currency": "SEK"},
}
ACTIONS = "#order .actions :is(a, button):visible"


@pytest.fixture(scope="module")
def customer(stack: Stack, chromium: Browser) -> Iterator[Customer]:
    """A customer with one page."""
    context = still_browser_context(chromium)
    customer = Customer(stack, context.new_page())
    yield customer
    customer.reset()
    context.close()


def open_changed_order(customer: Customer, **changes: Any) -> Page:
    """Show a paid order with these changes; return its page."""
    customer.reset()
    page = customer.page
    customer.prepare_order("paid")
    page.route("**/events", customer.hold)
    page.route(ORDER, customer.hold)

    def change(session: Session) -> None:
        session["latest_order"] |= changes

    change_session(page, change)
    open_order(customer, "paid")
    return page


def test_order_shows_its_rows_and_what_was_refunded(customer: Customer, console: Console) -> None:
    page = open_changed_order(customer, **FULL)

    rows = page.locator("#order [data-rows] tr").all_inner_texts()
    assert [" ".join(row.split()) for row in rows] == [
        "2 × Oat latte no foam Refunded: 1 SEK 98.00",
        "Oat milk SEK 10.00",
        "Small",
        "1 × Cinnamon bun SEK 35.00",
        "Tip SEK 10.00",
        "Regular With your loyalty card -SEK 4.50",
    ]
    expect(page.locator("#order [data-total]")).to_have_text("SEK\xa01,148.50")
    expect(page.locator("#order [data-refunded]")).to_have_text("-SEK\xa054.00")
    expect(page.locator("#order [data-refund]")).to_be_visible()
    expect(page.locator("#order [data-place]")).to_have_text("Eat here · Table 4 · 13:04")
    expect(page.locator("#order [data-note]")).to_have_text("We sit outside")
    number = page.locator("#order [data-number]")
    expect(number).to_have_text("12345")
    expect(number).to_have_attribute("data-long", "")


def test_order_without_table_note_or_refund_shows_none(customer: Customer) -> None:
    changes: dict[str, Any] = {
        "number": "1234",
        "parameters": {},
        "dining": None,
        "note": "",
        "refunded": None,
    }
    page = open_changed_order(customer, **{**FULL, **changes})

    expect(page.locator("#order [data-place]")).to_have_text("13:04")
    expect(page.locator("#order [data-note]")).to_be_empty()
    expect(page.locator("#order [data-refund]")).to_be_hidden()
    expect(page.locator("#order [data-refunded]")).to_be_empty()
    assert page.locator("#order [data-number]").get_attribute("data-long") is None


CANCEL = ["My orders", "Cancel the order"]
PAY_AGAIN = ["Try paying again", "Back to the menu", "My orders"]
READ = ["Receipt", "Save as PDF", "Back to the menu", "My orders"]
WAIT = ["Sound when it's ready", *READ]


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        ("created", CANCEL),
        ("sending", CANCEL),
        ("awaiting_payment", ["Open SEQR", *CANCEL]),
        ("cancel_pending", ["My orders"]),
        ("needs_attention", ["My orders"]),
        ("canceled", PAY_AGAIN),
        ("failed", PAY_AGAIN),
        ("expired", PAY_AGAIN),
        ("paid", WAIT),
        ("preparing", WAIT),
        ("ready", READ),
        ("served", READ),
        ("partly_refunded", WAIT),
        ("refunded", READ),
    ],
)
def test_order_offers_what_its_state_allows(
    customer: Customer, state: str, actions: list[str]
) -> None:
    customer.reset()

    open_order(customer, state)

    expect(customer.page.locator(ACTIONS)).to_have_text(actions)
