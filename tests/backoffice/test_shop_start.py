"""The page of a shop's addresses for SEQR and its first QR codes."""

from __future__ import annotations

import io
import socket
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from orders.codes.generate import save_qr_code
from orders.models import QrCode, Shop
from seqrshop.backoffice import page_addresses
from seqrshop.backoffice.page_addresses import check_addresses
from tests.factories import ProductFactory, ShopFactory
from tests.staff import admin_url, shown_messages, staff, superuser, user_of

pytestmark = pytest.mark.django_db

PAGES = ("order", "success", "failure", "cancel")


def start(shop: Shop) -> str:
    """Return the address of the page."""
    return admin_url(Shop, "start", shop.pk)


def problems(shop: Shop) -> list[str]:
    """Return what is wrong with each address."""
    return [check.problem for check in check_addresses(shop)]


def test_page_shows_the_four_addresses_with_a_copy_button_each(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = "https://shop.example.se"
    shop = ShopFactory.create(slug="lyktan")

    response: Any = superuser().get(start(shop))

    page = response.content.decode()
    assert response.context["addresses"] == [
        (f"{name} page", f"https://shop.example.se/lyktan/{name}", None) for name in PAGES
    ]
    for name in PAGES:
        assert f'value="https://shop.example.se/lyktan/{name}"' in page
    assert page.count('data-copy="address-') == 4
    assert "Answers" not in page


@pytest.mark.django_db(transaction=True)
def test_addresses_that_answer_are_marked(settings: Settings, live_server: LiveServer) -> None:
    settings.PUBLIC_BASE_URL = live_server.url
    shop = ShopFactory.create(slug="lyktan")

    page = superuser().get(start(shop), {"check": "yes"}).content.decode()

    assert page.count("Answers") == 4


@pytest.mark.django_db(transaction=True)
def test_page_of_another_shop_is_no_answer(settings: Settings, live_server: LiveServer) -> None:
    settings.PUBLIC_BASE_URL = f"{live_server.url}/order?"
    ShopFactory.create(slug="fyren")

    shop = Shop(slug="lyktan")

    assert problems(shop) == ["Answers with a page that is not this shop's."] * 4


@pytest.mark.django_db(transaction=True)
def test_status_of_another_answer_is_shown(settings: Settings, live_server: LiveServer) -> None:
    settings.PUBLIC_BASE_URL = f"{live_server.url}/elsewhere"
    not_found = problems(ShopFactory.create(slug="lyktan"))
    settings.PUBLIC_BASE_URL = f"{live_server.url}/admin"
    redirected = problems(Shop.objects.get())

    assert not_found == ["Answers with HTTP status 404."] * 4
    assert redirected == ["Redirects to another address (HTTP status 302)."] * 4


def test_address_without_a_server_has_no_connection(settings: Settings) -> None:
    shop = ShopFactory.create()
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"
    refused = problems(shop)
    settings.PUBLIC_BASE_URL = "http://no-such-host.invalid"
    unknown = problems(shop)

    assert refused == ["No connection."] * 4
    assert unknown == ["The host name is unknown."] * 4


def test_server_that_never_answers_delays_the_page_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_addresses, "CHECK_TIMEOUT_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.PUBLIC_BASE_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"

        assert problems(ShopFactory.create()) == ["No answer within 5 seconds."] * 4


def test_codes_for_the_counter_and_the_tables_are_made_at_once() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    client = superuser()

    response = client.post(start(shop), {"counter": "on", "tables": "3"})

    codes = QrCode.objects.order_by("pk")
    assert [(code.placement, code.payload) for code in codes] == [
        ("Counter", "HTTP://SEQR.SE/000/LYKTAN"),
        ("Table 1", "HTTP://SEQR.SE/000/LYKTAN?TABLE=1"),
        ("Table 2", "HTTP://SEQR.SE/000/LYKTAN?TABLE=2"),
        ("Table 3", "HTTP://SEQR.SE/000/LYKTAN?TABLE=3"),
    ]
    assert {code.made_by for code in codes} == {user_of(client)}
    assert response.headers["Location"] == start(shop)
    assert shown_messages(response) == ["4 codes were made."]


def test_present_codes_stay_as_they_are_and_only_the_others_are_made() -> None:
    shop, other = ShopFactory.create(), ShopFactory.create()
    kept = save_qr_code(shop, "By the window", "TABLE=2", None)
    save_qr_code(other, "Table 1", "TABLE=1", None)

    response = superuser().post(start(shop), {"tables": "3"})

    kept.refresh_from_db()
    assert (kept.placement, kept.made_by) == ("By the window", None)
    assert sorted(shop.qr_codes.values_list("parameters", flat=True)) == [
        "TABLE=1",
        "TABLE=2",
        "TABLE=3",
    ]
    assert shown_messages(response) == ["2 codes were made.", "1 code was there already."]


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({}, "__all__", "Choose the counter or a number of tables."),
        ({"tables": "0"}, "tables", "greater than or equal to 1"),
        ({"tables": "101"}, "tables", "less than or equal to 100"),
        ({"tables": "many"}, "tables", "whole number"),
    ],
)
def test_invalid_number_of_tables_makes_no_code(
    typed: dict[str, str], field: str, error: str
) -> None:
    shop = ShopFactory.create()

    response: Any = superuser().post(start(shop), typed)

    assert error in response.context["form"].errors[field][0]
    assert not QrCode.objects.exists()


def test_service_id_too_long_for_tables_makes_no_code_at_all() -> None:
    shop = ShopFactory.create(service_id="KAFE-LYKTAN-I-UPPSALA-24")

    response: Any = superuser().post(start(shop), {"counter": "on", "tables": "3"})

    assert "50 are allowed" in response.context["form"].errors["tables"][0]
    assert not QrCode.objects.exists()


def test_page_and_codes_need_their_permissions() -> None:
    shop = ShopFactory.create()
    viewer = staff("orders.view_shop")

    page = viewer.get(start(shop))
    refused = viewer.post(start(shop), {"counter": "on"})
    stranger = staff("orders.view_product").get(start(shop))

    assert page.status_code == 200
    assert "Make the codes" not in page.content.decode()
    assert (refused.status_code, stranger.status_code) == (403, 403)
    assert not QrCode.objects.exists()


def test_unknown_shop_has_no_page() -> None:
    assert superuser().get("/admin/orders/shop/987654321/start/").status_code == 404


def test_address_of_instant_checkout_is_shown_only_to_those_who_may_change_the_shop(
    settings: Settings,
) -> None:
    settings.PUBLIC_BASE_URL = "https://shop.example.se"
    shop = ShopFactory.create(slug="lyktan", instant_checkout_key="s3cret")
    product = ProductFactory.create(shop=shop, instant_checkout=True)

    shown = superuser().get(start(shop)).content.decode()
    hidden = staff("orders.view_shop", "orders.view_product").get(start(shop)).content.decode()

    assert "https://shop.example.se/lyktan/instant-checkout/s3cret/createPurchase" in shown
    assert f"<code>P{product.pk}</code>" in shown
    assert "s3cret" not in hidden


def test_shop_that_sells_nothing_by_instant_checkout_shows_no_address_of_it() -> None:
    page = superuser().get(start(ShopFactory.create())).content.decode()

    assert "createPurchase" not in page


def test_renewed_address_of_instant_checkout_replaces_the_former_one() -> None:
    shop = ShopFactory.create(slug="lyktan", instant_checkout_key="s3cret")
    out = io.StringIO()

    call_command("renew_purchase_address", "lyktan", stdout=out)

    shop.refresh_from_db()
    assert len(shop.instant_checkout_key) == 32
    assert f"/{shop.instant_checkout_key}/createPurchase" in out.getvalue()


def test_address_of_a_shop_without_instant_checkout_is_not_renewed() -> None:
    ShopFactory.create(slug="lyktan")

    with pytest.raises(CommandError, match="No shop at lyktan sells by Instant Checkout"):
        call_command("renew_purchase_address", "lyktan")
