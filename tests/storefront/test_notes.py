"""Notes of an order and of its rows: cleaned, stored, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Order, Product
from tests.storefront.conftest import JsonClient
from tests.storefront.order_requests import order, refusal, row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  no \t sugar\r\nplease ", "no sugar please"),
        ("a\x00b\x07c\x1b[31m\x7f", "abc[31m"),
        ("\u202eevil\u202c\u2066", "evil"),
        ("half \ud83d", "half"),
        ("👩‍🍳 🧡 👍🏽 🇸🇪", "👩‍🍳 🧡 👍🏽 🇸🇪"),
        ("<b>&amp; 'quoted'", "<b>&amp; 'quoted'"),
        ("\u2028\u00a0\u3000", ""),
        ("🥐" * 120 + "   ", "🥐" * 120),
    ],
)
def test_notes_are_cleaned(customer: JsonClient, bun: Product, typed: str, kept: str) -> None:
    response = order(customer, row(bun, note=typed), note=typed)

    placed = Order.objects.get()
    assert response.status_code == 201
    assert (placed.note, placed.rows.get().note) == (kept, kept)


@pytest.mark.parametrize("note", ["x" * 121, "x" * 2000, "🥐" * 121])
def test_note_that_is_too_long_is_named(customer: JsonClient, bun: Product, note: str) -> None:
    message = "A note can have at most 120 characters."

    assert refusal(order(customer, row(bun, note=note))) == ("rows[0].note", message)
    assert refusal(order(customer, row(bun), note=note)) == ("note", message)


@pytest.mark.parametrize("note", [1, True, [], {}])
def test_note_that_is_no_text_is_named(customer: JsonClient, bun: Product, note: Any) -> None:
    assert refusal(order(customer, row(bun, note=note)))[0] == "rows[0].note"
    assert refusal(order(customer, row(bun), note=note))[0] == "note"
