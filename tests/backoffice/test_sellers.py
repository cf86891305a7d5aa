"""Sellers in the admin: the company, and its reseller account at SEQR."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Seller
from tests.factories import SellerFactory, ShopFactory, TerminalFactory
from tests.sandbox_process import SandboxProcess
from tests.staff import page_url, staff, superuser

pytestmark = pytest.mark.django_db

ADD = "/admin/orders/seller/add/"


@pytest.fixture
def at_seqr(sandbox: SandboxProcess) -> SandboxProcess:
    """A sandbox that knows another reseller."""
    sandbox.add_reseller("fyren", "9901", "secret")
    return sandbox


def form(**fields: str) -> dict[str, str]:
    """Return the form of a seller whom SEQR knows."""
    return {
        "legal_name": "Fyren Bageri AB",
        "organisation_number": "5566778899",
        "vat_number": "se556677889901",
        "street": "Storgatan 1",
        "postal_code": "111 22",
        "city": "Stockholm",
        "reseller_id": "fyren",
        "reseller_user_id": "9901",
        "reseller_password": "secret",
        **fields,
    }


def errors(response: Any) -> dict[str, list[str]]:
    """Return the form's errors by field."""
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def test_seller_is_added_with_its_numbers_in_their_usual_form(at_seqr: SandboxProcess) -> None:
    response = superuser().post(ADD, form())

    seller = Seller.objects.get()
    assert response.status_code == 302
    assert (seller.organisation_number, seller.vat_number) == ("556677-8899", "SE556677889901")
    assert (seller.reseller_id, seller.reseller_password) == ("fyren", "secret")


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({"reseller_password": "wrong"}, "reseller_password", "SEQR does not accept the password"),
        ({"reseller_id": "nobody"}, "reseller_id", "SEQR does not know this ID"),
        ({"reseller_user_id": "1"}, "reseller_id", "SEQR does not know this ID"),
        ({"organisation_number": ""}, "organisation_number", "This field is required."),
        ({"organisation_number": "5566778898"}, "organisation_number", "ten digits"),
        ({"vat_number": "556677889901"}, "vat_number", "A VAT number is SE"),
        ({"legal_name": ""}, "legal_name", "This field is required."),
        ({"reseller_password": ""}, "reseller_password", "This field is required."),
    ],
)
def test_error_is_shown_beside_its_field_and_nothing_is_saved(
    at_seqr: SandboxProcess, typed: dict[str, str], field: str, error: str
) -> None:
    response = superuser().post(ADD, form(**typed))

    found = errors(response)
    assert list(found) == [field]
    assert error in found[field][0]
    assert not Seller.objects.exists()


def test_nothing_is_saved_while_seqr_does_not_answer(seqr_away: None) -> None:
    response = superuser().post(ADD, form())

    assert "SEQR does not answer. Nothing was saved" in errors(response)["reseller_password"][0]
    assert not Seller.objects.exists()


def test_address_is_changed_without_a_call_to_seqr(at_seqr: SandboxProcess) -> None:
    client = superuser()
    client.post(ADD, form())
    calls = len(at_seqr.calls())
    seller = Seller.objects.get()

    response = client.post(page_url(seller), form(city="Uppsala", reseller_password=""))

    seller.refresh_from_db()
    assert response.status_code == 302
    assert (seller.city, seller.reseller_password) == ("Uppsala", "secret")
    assert len(at_seqr.calls()) == calls


def test_other_user_of_the_account_is_checked_with_the_stored_password(
    at_seqr: SandboxProcess,
) -> None:
    client = superuser()
    client.post(ADD, form())
    seller = Seller.objects.get()

    response = client.post(page_url(seller), form(reseller_user_id="1", reseller_password=""))

    seller.refresh_from_db()
    assert "SEQR does not know this ID" in errors(response)["reseller_password"][0]
    assert seller.reseller_user_id == "9901"


def test_account_of_the_settings_is_not_changed_here(sandbox: SandboxProcess) -> None:
    seller = SellerFactory.create(legal_name="")
    client = superuser()

    page = client.get(page_url(seller)).content.decode()
    client.post(page_url(seller), form())

    seller.refresh_from_db()
    assert "Set by SEQR_RESELLER_PASSWORD in the settings." in page
    assert "checked with SEQR when you save" not in page
    assert seller.legal_name == "Fyren Bageri AB"
    assert (seller.reseller_id, seller.reseller_user_id, seller.reseller_password) == (
        "public_test_shop",
        "9900",
        "1234",
    )
    assert sandbox.calls() == []


def test_seller_of_the_first_start_is_saved_once_it_is_complete(sandbox: SandboxProcess) -> None:
    seller = SellerFactory.create(legal_name="", organisation_number="")

    response = superuser().post(page_url(seller), form(organisation_number=""))

    assert list(errors(response)) == ["organisation_number"]


def test_page_leads_to_the_sellers_terminals_and_shops() -> None:
    terminal = TerminalFactory.create()
    shop = ShopFactory.create(name="Kafé Lyktan", terminal=terminal)

    page = superuser().get(page_url(terminal.seller)).content.decode()

    assert "1 terminal" in page
    assert f'<a href="{page_url(shop)}">Kafé Lyktan</a>' in page
    assert f"/admin/orders/terminal/add/?seller={terminal.seller_id}" in page


def test_page_says_what_the_receipts_of_the_seller_lack() -> None:
    seller = SellerFactory.create(street="", city="")
    client = superuser()

    lacking = client.get(page_url(seller)).content.decode()
    seller.street, seller.city = "Storgatan 1", "Stockholm"
    seller.save()
    complete = client.get(page_url(seller)).content.decode()

    assert "Receipts of Lyktan Kafé AB lack: street, town." in lacking
    assert "Receipts of" not in complete


def test_seller_with_a_terminal_is_not_deleted() -> None:
    seller = TerminalFactory.create().seller

    superuser().post(f"/admin/orders/seller/{seller.pk}/delete/", {"post": "yes"})

    assert Seller.objects.filter(pk=seller.pk).exists()


def test_sellers_need_the_permission_to_view_them() -> None:
    seller = SellerFactory.create()

    assert staff("orders.view_shop").get(page_url(seller)).status_code == 403
    assert staff("orders.view_seller").get(page_url(seller)).status_code == 200
