"""Pages of people and boards are kept nowhere, and no report of an error has what people type."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.backoffice.people.sign_in_steps import person
from tests.factories import InvoiceFactory, OrderRowFactory, ShopFactory
from tests.staff import browser_signed_in, superuser

pytestmark = pytest.mark.django_db
SIGNED_IN = (
    "/admin/",
    "/admin/auth/user/add/",
    "/admin/orders/order/",
    "/staff/closing",
    "/staff/kitchen",
    "/staff/kitchen/lyktan",
    "/staff/security",
    "/staff/security/app",
    "/staff/security/passkey",
)
STRANGER = ("/admin/login/", "/staff/invitation", "/staff/second-factor")
TYPED = {
    "/staff/invitation": ("token", "password1", "password2"),
    "/staff/second-factor": ("code", "answer"),
    "/staff/security/app": ("code",),
    "/staff/security/passkey": ("answer",),
}


@pytest.mark.parametrize("address", [*SIGNED_IN, *STRANGER])
def test_page_is_kept_nowhere(address: str) -> None:
    ShopFactory.create(slug="lyktan")
    ShopFactory.create()
    client = superuser() if address in SIGNED_IN else Client()

    answer = client.get(address)

    assert answer.status_code in (200, 302)
    assert "no-store" in answer.headers["Cache-Control"]


def test_new_recovery_codes_are_kept_nowhere() -> None:
    answer = browser_signed_in(person()).post("/staff/security/codes")

    assert answer.status_code in (200, 302)
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("address", TYPED)
def test_report_of_an_error_hides_what_a_person_typed(address: str) -> None:
    client = browser_signed_in(person()) if "security" in address else Client()

    answer = client.post(address, dict.fromkeys(TYPED[address], "secret"))

    hidden = answer.wsgi_request.sensitive_post_parameters  # type: ignore[attr-defined]
    assert hidden == TYPED[address]


def test_report_of_an_error_hides_the_address_that_a_customer_typed() -> None:
    invoice = InvoiceFactory.create(paid=True)
    OrderRowFactory.create(order=invoice.order)
    address = f"/return/{invoice.order.return_key}/receipts/1/mail"

    answer = Client().post(address, {"address": "kim@example.com"})

    hidden = answer.wsgi_request.sensitive_post_parameters  # type: ignore[attr-defined]
    assert hidden == ("address",)
