"""The customer's cookie: signed, worth nothing without its session, and not the staff's."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import signing
from pytest_django import Settings

from orders.models import CustomerSession
from seqrshop.storefront.customer_cookie import SALT
from tests.conftest import TOKEN
from tests.factories import CustomerSessionFactory
from tests.storefront.conftest import JsonClient


@pytest.fixture
def browser(client: JsonClient, customer_session: CustomerSession) -> JsonClient:
    """A browser with the customer's cookie."""
    client.send("/lyktan/session", {"token": TOKEN})
    return client


def test_exchange_sets_a_cookie_that_scripts_cannot_read(
    browser: JsonClient, settings: Settings
) -> None:
    cookie = browser.cookies["customer"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert cookie["max-age"] == settings.CUSTOMER_SESSION_SECONDS
    assert TOKEN not in cookie.value


def test_exchange_stores_no_browser_session(browser: JsonClient) -> None:
    """Each visit left a row that nothing deleted."""
    assert "staff" not in browser.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize("altered", ["", "x", ":", "digest:x", "\x00", "å"])
def test_cookie_that_we_have_not_signed_is_no_session(
    client: JsonClient, customer_session: CustomerSession, altered: str
) -> None:
    cookie = f"customer={altered.replace('digest', customer_session.token_digest)}"

    assert client.send("/lyktan/session", HTTP_COOKIE=cookie).status_code == 401


def test_digest_signed_for_another_purpose_is_no_session(
    client: JsonClient, customer_session: CustomerSession
) -> None:
    client.cookies["customer"] = signing.Signer(salt="other").sign(customer_session.token_digest)

    assert client.send("/lyktan/session").status_code == 401


def test_cookie_is_worth_nothing_once_its_session_is_deleted(
    browser: JsonClient, customer_session: CustomerSession
) -> None:
    customer_session.delete()
    CustomerSessionFactory.create(shop=customer_session.shop, token="another-customers-token")

    assert browser.send("/lyktan/session").status_code == 401


def test_cookie_leads_to_no_session_that_has_its_number_in_a_restored_database(
    browser: JsonClient, customer_session: CustomerSession
) -> None:
    """A restored database gives out the numbers of its lost sessions once more."""
    number, shop = customer_session.pk, customer_session.shop
    customer_session.delete()
    CustomerSessionFactory.create(pk=number, shop=shop, token="another-customers-token")

    assert browser.send("/lyktan/session").status_code == 401


def test_staff_and_customer_have_a_cookie_each(
    client: JsonClient, customer_session: CustomerSession
) -> None:
    client.force_login(User.objects.create_user("staff"))
    staff = client.cookies["staff"].value

    client.send("/lyktan/session", {"token": TOKEN})

    assert client.cookies["staff"].value == staff
    assert client.cookies["customer"].value != staff
    assert signing.Signer(salt=SALT).unsign(client.cookies["customer"].value)
