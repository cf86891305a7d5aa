"""Orders that no page of the shop sends: each is refused with a sentence, and the basket stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Route, expect

from tests.browser.steps import open_basket, reference_on, submit_order
from tests.walk.shop import PRODUCT_ELSEWHERE, another_shop
from tests.walk.stages.choosing import add_cappuccino
from tests.walk.stages.paying import order
from tests.walk.walker import Walker

Body = dict[str, Any]
CONTROL_CHARACTERS = "no\x00 \x1b[31mfoam\u202e ☕"
CLEANED = "no [31mfoam ☕"
OPTIONS = """
    SELECT array_agg(option.id) FROM orders_option option
    JOIN orders_optiongroup own ON own.id = group_id JOIN orders_shop shop ON shop.id = shop_id
    WHERE own.name_en = %s AND slug = 'lyktan'
"""


def walk(walker: Walker) -> None:
    """Order what cannot be ordered, then with a note that is cleaned and keeps its emoji."""
    page, stack = walker.page, walker.stack
    walker.scan()
    add_cappuccino(walker)
    open_basket(page)
    [(milks,)] = stack.read(OPTIONS, "Milk")
    [(bread,)] = stack.read(OPTIONS, "Bread")

    def options(ids: list[int]) -> Callable[[Body], None]:
        return lambda body: body["rows"][0].update(options=ids)

    def product(body: Body) -> None:
        body["rows"][0]["product"] = PRODUCT_ELSEWHERE

    def long_note(body: Body) -> None:
        body["rows"][0]["note"] = "x" * 2_000

    def seen_total(body: Body) -> None:
        body["total"] = "1.00"

    chosen = _chosen(walker)
    cases = {
        "too-many-options": (
            options([*chosen, next(each for each in milks if each not in chosen)]),
            "Milk: choose at most 1 option.",
            "Mjölk: välj högst 1 alternativ.",
        ),
        "option-of-another-product": (
            options(chosen + bread[:1]),
            "An option that you chose is no longer offered with Cappuccino.",
            "Ett av dina val finns inte längre till Cappuccino.",
        ),
        "product-of-another-shop": (
            product,
            "This product is not for sale here.",
            "Den här produkten säljs inte här.",
        ),
        "long-note": (
            long_note,
            "A note can have at most 120 characters.",
            "Ett meddelande kan ha högst 120 tecken.",
        ),
        "prices-seen-and-changed": (
            seen_total,
            "The prices have changed",
            "Priserna har ändrats",
        ),
    }
    with another_shop(stack):
        for name, (change, english, swedish) in cases.items():
            with walker.messages("400", "409"):
                _submit_changed(walker, change)
                walker.see(english, swedish, within="#basket")
            expect(page.locator("#basket [data-rows] li")).to_have_count(1)
            walker.picture(name)

    page.unroute("**/lyktan/orders")
    page.locator("#order-note").fill(CONTROL_CHARACTERS)
    order(walker)
    walker.see(CLEANED)
    [(note,)] = stack.read(
        "SELECT note FROM orders_order WHERE id = (SELECT order_id FROM payments_invoice"
        " WHERE invoice_reference = %s)",
        reference_on(page),
    )
    assert note == CLEANED, note
    walker.picture("cleaned-note")


def _chosen(walker: Walker) -> list[int]:
    """Return the ids of the options in the basket, as the browser keeps it."""
    stored: list[int] = walker.page.evaluate(
        "Object.values(localStorage).map((text) => JSON.parse(text).rows[0].options)[0]"
    )
    return stored


def _submit_changed(walker: Walker, change: Callable[[Body], None]) -> None:
    """Send the order with a changed body, as a page with an error would."""

    def handle(route: Route) -> None:
        body: Body = route.request.post_data_json or {}
        change(body)
        route.continue_(post_data=body)

    walker.page.unroute("**/lyktan/orders")
    walker.page.route("**/lyktan/orders", handle)
    submit_order(walker.page)
