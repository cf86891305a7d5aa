"""Security headers on every kind of response."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.templatetags.static import static
from django.test import Client
from pytest_django import Settings

from tests.seqrshop.security import assert_security_headers
from tests.storefront.shopfront import Shopfront, open_shopfront, signed_in

HTML = {"Accept": "text/html"}
Request = Callable[[Shopfront], Any]


def get(address: str, **options: Any) -> Request:
    return lambda _: Client(raise_request_exception=False).get(address, **options)


def read(name: str) -> Request:
    return lambda shop: shop.customer().get(shop.readable()[name])


def post(address: str, **options: Any) -> Request:
    return lambda _: Client(enforce_csrf_checks=True).post(address, **options)


# Each kind of response: its status and its request.
RESPONSES: dict[str, tuple[int, Request]] = {
    "a page": (200, get("/lyktan/order")),
    "a result page": (200, get("/lyktan/success")),
    "the return page": (200, read("return_page")),
    "a receipt": (200, read("receipt")),
    "a receipt as PDF": (200, read("receipt_pdf")),
    "JSON": (200, read("order")),
    "the JSON of a stream": (200, read("order_events")),
    "a QR code": (200, read("order_qr")),
    "a picture": (200, read("picture")),
    "a style sheet": (200, read("accent")),
    "an unknown page": (404, get("/lyktan/nothing", headers=HTML)),
    "an unknown order": (404, get("/return/guessed-key.json")),
    "an API error": (401, post("/lyktan/session", content_type="application/json", data={})),
    "another method": (405, get("/lyktan/session")),
    "another site's request": (
        403,
        post(
            "/lyktan/session",
            content_type="application/json",
            data={},
            headers={"Origin": "https://evil.example"},
        ),
    ),
    "another host": (400, get("/lyktan/order", headers={"Host": "evil.example"})),
    "a notification": (404, post("/notify/guessed")),
    "a redirect": (301, get("/admin")),
    "signing in": (200, get("/admin/login/")),
    "the admin": (200, lambda _: signed_in().get("/admin/orders/product/")),
    "health": (200, get("/health/live")),
    "no metrics": (404, get("/metrics")),
}


@pytest.fixture
def shop(db: None) -> Shopfront:
    return open_shopfront()


@pytest.mark.parametrize("kind", RESPONSES)
def test_every_kind_of_response_has_security_headers(shop: Shopfront, kind: str) -> None:
    status, request = RESPONSES[kind]

    response = request(shop)

    assert response.status_code == status
    assert_security_headers(response.headers)


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("name", ["base.css", "api-client.js", "icon.svg"])
def test_static_files_have_security_headers(db: None, name: str) -> None:
    response = Client().get(static(f"storefront/{name}"))

    assert response.status_code == 200
    assert_security_headers(response.headers)


@pytest.mark.usefixtures("collected")
def test_missing_static_file_has_security_headers(db: None) -> None:
    response = Client().get("/static/storefront/no.css")

    assert response.status_code == 404
    assert_security_headers(response.headers)


def test_unexpected_exception_has_security_headers(
    shop: Shopfront, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("seqrshop.storefront.pages.shop_with_availability_at", fail)

    response = get("/lyktan/order", headers=HTML)(shop)

    assert response.status_code == 500
    assert_security_headers(response.headers)


def test_admin_pages_work_with_same_policy(shop: Shopfront) -> None:
    staff = signed_in()

    for address in ("/admin/", "/admin/orders/shop/", "/admin/orders/order/"):
        response = staff.get(address)
        html = response.content.decode()
        assert response.status_code == 200
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
        assert not re.search(r"<script(?![^>]*(\ssrc=|application/json))", html)


def test_https_response_has_strict_transport_security(shop: Shopfront, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000

    response = Client().get("/lyktan/order", secure=True)

    assert response["Strict-Transport-Security"] == "max-age=31536000"
