"""Authentication by cookie and token header, and CSRF protection."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import CustomerSession, Order
from tests.conftest import TOKEN
from tests.factories import CustomerSessionFactory
from tests.storefront.conftest import JsonClient


@pytest.fixture
def browser(client: JsonClient, customer_session: CustomerSession) -> JsonClient:
    """A browser with the customer's cookie, and the page's CSRF cookie."""
    client.get("/lyktan/order")
    client.send("/lyktan/session", {"token": TOKEN})
    return client


def csrf(client: JsonClient) -> dict[str, str]:
    """Return the header that our page's script sends."""
    return {"X-CSRFToken": client.cookies["csrftoken"].value}


def test_cookie_with_csrf_token_creates_order(
    browser: JsonClient, two_buns: dict[str, Any]
) -> None:
    response = browser.send("/lyktan/orders", two_buns, headers=csrf(browser))

    assert response.status_code == 201


def test_cookie_without_csrf_token_changes_nothing(
    browser: JsonClient, two_buns: dict[str, Any]
) -> None:
    order = browser.send("/lyktan/orders", two_buns, headers=csrf(browser)).json()

    for path in ("/lyktan/orders", f"{order['url']}/cancel", f"{order['url']}/pay"):
        response = browser.send(path, two_buns)
        assert response.status_code == 403
        assert response.json()["error"] == "csrf_failed"
    assert Order.objects.get().state == "created"


def test_read_needs_no_csrf_token(browser: JsonClient, two_buns: dict[str, Any]) -> None:
    order = browser.send("/lyktan/orders", two_buns, headers=csrf(browser)).json()

    assert browser.get(order["url"]).status_code == 200


def test_session_sets_csrf_cookie_without_page(
    client: JsonClient, customer_session: CustomerSession, two_buns: dict[str, Any]
) -> None:
    client.send("/lyktan/session", {"token": TOKEN})

    assert client.send("/lyktan/orders", two_buns, headers=csrf(client)).status_code == 201


def test_token_header_needs_no_cookie_and_no_csrf_token(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    assert customer.send("/lyktan/orders", two_buns).status_code == 201
    assert not customer.cookies


def test_unknown_token_header_is_rejected_despite_cookie(browser: JsonClient) -> None:
    response = browser.send("/lyktan/session", headers={"X-SEQR-Token": "0000002012-99999999"})

    assert (response.status_code, response.json()["error"]) == (401, "invalid_session")


def test_token_header_wins_over_cookie(
    browser: JsonClient, customer_session: CustomerSession
) -> None:
    CustomerSessionFactory.create(
        shop=customer_session.shop, token="other-customers-token", parameters={"TABLE": "9"}
    )

    response = browser.send("/lyktan/session", headers={"X-SEQR-Token": "other-customers-token"})

    assert response.json()["parameters"] == {"TABLE": "9"}


@pytest.mark.parametrize("path", ["/lyktan/orders", "/orders"])
def test_order_without_session_is_rejected(
    client: JsonClient, two_buns: dict[str, Any], path: str
) -> None:
    response = client.send(path, two_buns)

    assert (response.status_code, response.json()["error"]) == (401, "invalid_session")


def test_expired_session_is_rejected_by_cookie_and_by_header(
    browser: JsonClient, customer_session: CustomerSession, two_buns: dict[str, Any]
) -> None:
    CustomerSession.objects.update(expires_at="2012-06-04T10:00:00Z")

    by_cookie = browser.send("/lyktan/orders", two_buns, headers=csrf(browser))
    by_header = JsonClient(TOKEN).send("/lyktan/orders", two_buns)

    assert (by_cookie.status_code, by_header.status_code) == (401, 401)


def test_replaced_session_of_same_browser_is_over(
    browser: JsonClient, customer_session: CustomerSession, two_buns: dict[str, Any]
) -> None:
    order = browser.send("/lyktan/orders", two_buns, headers=csrf(browser)).json()
    CustomerSessionFactory.create(shop=customer_session.shop, token="other-customers-token")

    browser.send("/lyktan/session", {"token": "other-customers-token"})

    assert browser.get(order["url"]).status_code == 404


def test_staff_stay_signed_in_after_session_exchange(
    client: JsonClient, customer_session: CustomerSession, django_user_model: Any
) -> None:
    client.force_login(django_user_model.objects.create_user("staff"))

    client.send("/lyktan/session", {"token": TOKEN})

    assert "_auth_user_id" in client.session
