"""Reads of pages, endpoints and files write nothing to the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from orders.models import Order
from tests.factories import ProductFactory
from tests.storefront.shopfront import (
    TOKEN,
    WRITE_ONLY,
    Shopfront,
    open_shopfront,
    url_names,
)

SAFE_METHODS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK TO")
NAMES = sorted(url_names() - WRITE_ONLY)


@pytest.fixture
def shop(db: None) -> Shopfront:
    return open_shopfront()


@contextmanager
def writes() -> Iterator[list[str]]:
    """Collect each statement that is not a read."""
    found: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if not sql.lstrip(" (").upper().startswith(SAFE_METHODS) or "FOR UPDATE" in sql.upper():
            found.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield found


@pytest.mark.parametrize("name", NAMES)
def test_get_writes_nothing(shop: Shopfront, name: str) -> None:
    address = shop.readable()[name]
    by_cookie = Client()
    by_cookie.post("/lyktan/session", {"token": TOKEN}, "application/json")

    with writes() as found:
        responses = [
            client.get(address + query)
            for client in (shop.customer(), by_cookie)
            for query in ("", "?language=sv")
        ]
        Client().get(address)

    assert found == []
    assert {response.status_code for response in responses} == {200}


def test_every_readable_address_is_covered(shop: Shopfront) -> None:
    assert set(shop.readable()) == set(NAMES)


@pytest.mark.parametrize(
    "address", ["/lyktan/nothing", "/nothing", "/static/x.css", "/health/live"]
)
def test_errors_and_monitoring_write_nothing(shop: Shopfront, address: str) -> None:
    with writes() as found:
        Client().get(address)

    assert found == []


def test_write_is_detected(shop: Shopfront) -> None:
    rows = [{"product": ProductFactory.create(shop=shop.to_pay.order.shop).pk, "quantity": 1}]
    Order.objects.filter(pk=shop.to_pay.order_id).update(state="paid")

    with writes() as found:
        shop.customer().post(
            "/lyktan/orders", {"nonce": "nonce-0001", "rows": rows}, "application/json"
        )

    assert any("orders_order" in sql for sql in found)


def test_exchange_of_a_known_token_writes_nothing(shop: Shopfront) -> None:
    """Each visit left a row in the table of the browsers' sessions."""
    with writes() as found:
        response = Client().post("/lyktan/session", {"token": TOKEN}, "application/json")

    assert (response.status_code, found) == (200, [])
