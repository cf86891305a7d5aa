"""Invalid bodies, methods, hosts and addresses; unexpected errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client

from orders.models import CustomerSession
from tests.conftest import TOKEN
from tests.factories import ShopFactory
from tests.storefront.conftest import JsonClient

PATHS = ["/lyktan/session", "/lyktan/orders"]
UNKNOWN_ORDER = "740eec0f-7fa0-40fc-9432-ef05c7db7c71"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"[]",
        b'"text"',
        b"7",
        b"null",
        b"NaN",
        b'{"token": NaN}',
        b'{"token": Infinity}',
        b'\xff\xfe{"\x00',
        b'{"token": "\xff"}',
        b'{"a":' * 20_000,
        b"[" * 60_000,
        b'{"token": ' + b"9" * 5_000 + b"}",
        b"token=x",
        b"{}{}",
    ],
)
def test_body_that_is_no_json_object_is_rejected(
    customer: JsonClient, customer_session: CustomerSession, path: str, body: bytes
) -> None:

    response = customer.post(path, body, "application/json")

    assert response.status_code == 400 or (len(body) > 64 * 1024 and response.status_code == 413)
    assert response.json()["error"] in {"malformed", "too_large"}


@pytest.mark.parametrize("token", [7, True, [], {}, 1.5])
def test_token_that_is_no_string_is_named(
    customer: JsonClient, customer_session: CustomerSession, token: object
) -> None:
    response = customer.send("/lyktan/session", {"token": token})

    assert (response.status_code, response.json()["field"]) == (400, "token")


@pytest.mark.parametrize("path", PATHS)
def test_too_large_body_is_rejected(
    customer: JsonClient, customer_session: CustomerSession, path: str
) -> None:
    response = customer.post(path, b'{"token": "' + b"x" * 100_000 + b'"}', "application/json")

    assert (response.status_code, response.json()["error"]) == (413, "too_large")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_content_type_is_rejected(
    customer: JsonClient, customer_session: CustomerSession, path: str, content_type: str
) -> None:
    response = customer.post(path, "{}", content_type)

    assert (response.status_code, response.json()["error"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("get", "/lyktan/session", "POST"),
        ("put", "/lyktan/session", "POST"),
        ("get", "/lyktan/orders", "POST"),
        ("get", "/orders", "POST"),
        ("post", f"/orders/{UNKNOWN_ORDER}", "GET, HEAD"),
        ("delete", f"/orders/{UNKNOWN_ORDER}", "GET, HEAD"),
        ("get", f"/orders/{UNKNOWN_ORDER}/pay", "POST"),
        ("get", f"/orders/{UNKNOWN_ORDER}/cancel", "POST"),
    ],
)
def test_other_method_is_rejected(
    customer: JsonClient, customer_session: CustomerSession, method: str, path: str, allowed: str
) -> None:
    response = getattr(customer, method)(path)

    assert (response.status_code, response["Allow"]) == (405, allowed)
    assert response.json() == {
        "error": "method_not_allowed",
        "message": f"Allowed methods: {allowed}.",
    }


def test_unknown_shop_is_not_found(customer: JsonClient, customer_session: CustomerSession) -> None:
    response = customer.send("/baren/session", {"token": "0000002012-63506374"})

    assert response.status_code == 404
    assert response.json() == {
        "error": "not_found",
        "message": "There is no shop at this address.",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("shops", "message"),
    [
        (0, "There is no shop here yet."),
        (2, "There are several shops here, and the address names none."),
    ],
)
def test_address_without_a_shop_is_of_the_only_one(
    client: JsonClient, shops: int, message: str
) -> None:
    ShopFactory.create_batch(shops)

    response = client.send("/session", {"token": "0000002012-63506374"})

    assert response.status_code == 404
    assert response.json() == {"error": "not_found", "message": message}


@pytest.mark.parametrize(
    ("accept", "content_type"), [("text/html", "text/html"), ("*/*", "application/json")]
)
def test_not_found_is_html_for_browsers_and_json_for_programs(
    client: JsonClient, db: None, accept: str, content_type: str
) -> None:
    response = client.get("/lyktan/nothing", headers={"Accept": accept})

    assert response.status_code == 404
    assert response["Content-Type"].startswith(content_type)


def test_json_endpoint_responds_in_json_to_browser(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    response = customer.get(f"/orders/{UNKNOWN_ORDER}", headers={"Accept": "text/html"})

    assert (response.status_code, response.json()["error"]) == (404, "not_found")


def test_unknown_host_is_rejected(client: JsonClient, db: None) -> None:
    response = client.get("/lyktan/order", headers={"Host": "evil.example", "Accept": "text/html"})

    assert response.status_code == 400
    assert b"<h1" in response.content


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_unexpected_exception_shows_no_traceback(
    cafe: Any, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("the secret detail")

    monkeypatch.setattr("seqrshop.storefront.pages.shop_with_availability_at", fail)

    client = JsonClient(raise_request_exception=False)
    response = client.get("/lyktan/order", headers={"Accept": accept})

    assert response.status_code == 500
    assert b"secret detail" not in response.content
    assert b"Something went wrong" in response.content


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_request_is_retryable_while_database_is_down(
    client: JsonClient, cafe: Any, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("connection refused by 10.0.0.7")

    monkeypatch.setattr("seqrshop.storefront.pages.shop_with_availability_at", fail)
    monkeypatch.setattr("seqrshop.storefront.session.shop_with_availability_at", fail)

    page = client.get("/lyktan/order", headers={"Accept": accept})
    data = client.send("/lyktan/session", {"token": "0000002012-63506374"})

    assert (page.status_code, data.status_code) == (503, 503)
    assert data.json()["error"] == "temporarily_unavailable"
    assert int(page["Retry-After"]) > 0
    assert b"10.0.0.7" not in page.content + data.content


def test_session_is_retryable_after_database_fails_in_its_middle(
    client: JsonClient, customer_session: CustomerSession
) -> None:
    def die(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if 'FROM "orders_product"' in sql:
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, *rest)

    with connection.execute_wrapper(die):
        response = client.send("/lyktan/session", {"token": TOKEN})

    assert (response.status_code, response.json()["error"]) == (503, "temporarily_unavailable")
    assert int(response["Retry-After"]) > 0


def test_sign_in_is_retryable_after_database_fails_during_save(db: None) -> None:
    def die(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith('UPDATE "django_session"'):
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, *rest)

    User.objects.create_superuser("boss", password="password")
    signing_in = Client()
    with connection.execute_wrapper(die):
        response = signing_in.post("/admin/login/", {"username": "boss", "password": "password"})

    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
