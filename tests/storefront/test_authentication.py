"""Who is believed to be whom, and what another site's page can do."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import CustomerSession, Order
from tests.conftest import TOKEN
from tests.factories import CustomerSessionFactory
from tests.storefront.conftest import JsonClient


@pytest.fixture
def browser(client: JsonClient, visit: CustomerSession) -> JsonClient:
    """A browser with the customer's cookie, and the page's CSRF cookie."""
    client.get("/lyktan/order")
    client.send("/lyktan/session", {"token": TOKEN})
    return client


def csrf(client: JsonClient) -> dict[str, str]:
    """Return the header that our page's script sends."""
    return {"X-CSRFToken": client.cookies["csrftoken"].value}


def test_the_cookie_with_the_csrf_token_makes_an_order(
    browser: JsonClient, two_buns: dict[str, Any]
) -> None:
    response = browser.send("/lyktan/orders", two_buns, headers=csrf(browser))

    assert response.status_code == 201


def test_the_cookie_without_the_csrf_token_changes_nothing(
    browser: JsonClient, two_buns: dict[str, Any]
) -> None:
    made = browser.send("/lyktan/orders", two_buns, headers=csrf(browser)).json()

    for path in ("/lyktan/orders", f"{made['url']}/cancel", f"{made['url']}/pay"):
        response = browser.send(path, two_buns)
        assert response.status_code == 403
        assert response.json()["error"] == "csrf_failed"
    assert Order.objects.get().state == "created"


def test_reading_needs_no_csrf_token(browser: JsonClient, two_buns: dict[str, Any]) -> None:
    made = browser.send("/lyktan/orders", two_buns, headers=csrf(browser)).json()

    assert browser.get(made["url"]).status_code == 200


def test_who_never_saw_a_page_gets_the_csrf_cookie_with_the_session(
    client: JsonClient, visit: CustomerSession, two_buns: dict[str, Any]
) -> None:
    client.send("/lyktan/session", {"token": TOKEN})

    assert client.send("/lyktan/orders", two_buns, headers=csrf(client)).status_code == 201


def test_the_token_in_the_header_needs_neither(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    assert customer.send("/lyktan/orders", two_buns).status_code == 201
    assert not customer.cookies


def test_an_unknown_token_in_the_header_is_not_saved_by_the_cookie(browser: JsonClient) -> None:
    response = browser.send("/lyktan/session", headers={"X-SEQR-Token": "0000002012-99999999"})

    assert (response.status_code, response.json()["error"]) == (401, "invalid_session")


def test_the_header_wins_over_the_cookie(browser: JsonClient, visit: CustomerSession) -> None:
    CustomerSessionFactory.create(
        shop=visit.shop, token="other-customers-token", parameters={"TABLE": "9"}
    )

    response = browser.send("/lyktan/session", headers={"X-SEQR-Token": "other-customers-token"})

    assert response.json()["parameters"] == {"TABLE": "9"}


@pytest.mark.parametrize("path", ["/lyktan/orders", "/orders"])
def test_nobody_orders_without_a_visit(
    client: JsonClient, two_buns: dict[str, Any], path: str
) -> None:
    response = client.send(path, two_buns)

    assert (response.status_code, response.json()["error"]) == (401, "invalid_session")


def test_an_ended_visit_asks_to_scan_again(
    browser: JsonClient, visit: CustomerSession, two_buns: dict[str, Any]
) -> None:
    CustomerSession.objects.update(expires_at="2012-06-04T10:00:00Z")

    by_cookie = browser.send("/lyktan/orders", two_buns, headers=csrf(browser))
    by_header = JsonClient(TOKEN).send("/lyktan/orders", two_buns)

    assert (by_cookie.status_code, by_header.status_code) == (401, 401)


def test_a_visit_that_another_customer_replaced_in_this_browser_is_over(
    browser: JsonClient, visit: CustomerSession, two_buns: dict[str, Any]
) -> None:
    made = browser.send("/lyktan/orders", two_buns, headers=csrf(browser)).json()
    CustomerSessionFactory.create(shop=visit.shop, token="other-customers-token")

    browser.send("/lyktan/session", {"token": "other-customers-token"})

    assert browser.get(made["url"]).status_code == 404


def test_staff_stay_signed_in_when_they_try_a_scan(
    client: JsonClient, visit: CustomerSession, django_user_model: Any
) -> None:
    client.force_login(django_user_model.objects.create_user("staff"))

    client.send("/lyktan/session", {"token": TOKEN})

    assert "_auth_user_id" in client.session
