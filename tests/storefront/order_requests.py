"""Requests for orders with options and notes, and their refusals."""

from __future__ import annotations

from typing import Any

from orders.models import Option, Order, Product
from tests.storefront.conftest import JsonClient


def option(name: str) -> int:
    """Return the ID of an option."""
    return Option.objects.get(name_en=name).pk


def row(product: Product, *names: str, quantity: int = 1, note: str = "") -> dict[str, Any]:
    """Return a requested row with these options."""
    ids = [option(name) for name in names]
    return {"product": product.pk, "quantity": quantity, "options": ids, "note": note}


def order(customer: JsonClient, *rows: dict[str, Any], **more: Any) -> Any:
    """Place an order; return the response."""
    return customer.send("/lyktan/orders", {"nonce": "nonce-0001", "rows": list(rows), **more})


def refusal(response: Any) -> tuple[str, str]:
    """Return the field and the sentence of a refused order."""
    assert response.status_code == 400, response.content
    assert not Order.objects.exists()
    return response.json()["field"], response.json()["message"]


def order_lattes(customer: JsonClient, latte: Product, *names: str, **more: Any) -> Any:
    """Order two lattes with these options and a note, and one with cow's milk."""
    with_note = row(latte, *names, quantity=2, note="no sugar")
    return order(customer, with_note, row(latte, "Cow's milk"), **more)
