"""Printed codes in the admin: drawn when saved, regenerated, downloaded."""

from __future__ import annotations

import io
from typing import Any

import pytest
import zxingcpp
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from PIL import Image

from orders.models import QrCode, Shop
from orders.qr import save_qr_code
from tests.factories import ShopFactory
from tests.staff import list_url, listed, page_url, run_action, staff, superuser, user_of

pytestmark = pytest.mark.django_db


def add(client: Client, shop: Shop, parameters: str) -> Any:
    """Post the form for a new code at table 4."""
    return client.post(
        reverse("admin:orders_qrcode_add"),
        {"shop": shop.pk, "placement": "Table 4", "parameters": parameters},
    )


def file_url(code: QrCode, kind: str) -> str:
    """Return the address of a code's drawing."""
    return reverse(f"admin:orders_qrcode_{kind}", args=[code.pk])


def test_new_code_is_drawn_when_saved() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    client = superuser()

    add(client, shop, "TABLE=4")

    code = QrCode.objects.get()
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(code.png)))
    assert read.text == code.payload == "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"
    assert code.made_by == user_of(client)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ("table=4", "capital letters"),
        ("TABLE=Å", "may hold only"),
        ("TABLE=4&WHERE=AT-THE-WINDOW-LEFT", "50 are allowed"),
    ],
)
def test_parameters_that_break_the_print_rules_are_refused(parameters: str, sentence: str) -> None:
    shop = ShopFactory.create(service_id="LYKTAN")

    response = add(superuser(), shop, parameters)

    assert sentence in response.context["adminform"].form.errors["parameters"][0]
    assert not QrCode.objects.exists()


def test_second_code_with_the_same_parameters_is_refused() -> None:
    shop = ShopFactory.create()
    save_qr_code(shop, "Table 4", "TABLE=4", None)

    response = add(superuser(), shop, "TABLE=4")

    assert "already has a code with these parameters" in str(
        response.context["adminform"].form.errors
    )
    assert QrCode.objects.count() == 1


def test_changed_code_is_redrawn() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    code = save_qr_code(shop, "Table 4", "TABLE=4", None)

    changed = {"shop": shop.pk, "placement": "Table 5", "parameters": "TABLE=5"}
    superuser().post(page_url(code), changed)

    code = QrCode.objects.get()
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(code.png)))
    assert read.text == "HTTP://SEQR.SE/000/LYKTAN?TABLE=5"


def test_regenerate_redraws_the_selected_codes_only() -> None:
    shop = ShopFactory.create(service_id="OLD")
    one, two, three = (
        save_qr_code(shop, f"Table {table}", f"TABLE={table}", None) for table in (1, 2, 3)
    )
    Shop.objects.update(service_id="NEW")
    client = superuser()

    messages = run_action(client, "regenerate", one, two, confirmed="yes")

    payloads = dict(QrCode.objects.values_list("pk", "payload"))
    assert payloads[one.pk] == "HTTP://SEQR.SE/000/NEW?TABLE=1"
    assert payloads[two.pk] == "HTTP://SEQR.SE/000/NEW?TABLE=2"
    assert payloads[three.pk] == "HTTP://SEQR.SE/000/OLD?TABLE=3"
    assert messages == [f"Code regenerated: {one}, {two}."]
    assert {code.made_by for code in QrCode.objects.exclude(pk=three.pk)} == {user_of(client)}
    logged = LogEntry.objects.values_list("object_id", "user", "change_message")
    by = user_of(client).pk
    assert set(logged) == {(str(code.pk), by, "Code regenerated") for code in (one, two)}


def test_code_that_cannot_be_regenerated_is_reported_with_the_reason() -> None:
    shop = ShopFactory.create(service_id="OLD")
    fits = save_qr_code(shop, "Counter", "", None)
    long = save_qr_code(shop, "Table 4", "WHERE=TABLE-4", None)
    Shop.objects.update(service_id="KAFE-LYKTAN-I-UPPSALA")

    messages = run_action(superuser(), "regenerate", fits, long, confirmed="yes")

    assert sorted(message.split(":")[0] for message in messages) == [
        "Code left unchanged (The code would hold 54 characters; 50 are allowed.)",
        "Code regenerated",
    ]


def test_regenerate_needs_the_permission_to_change_codes() -> None:
    code = save_qr_code(ShopFactory.create(service_id="OLD"), "Table 4", "TABLE=4", None)
    Shop.objects.update(service_id="NEW")

    run_action(staff("orders.view_qrcode"), "regenerate", code)

    assert QrCode.objects.get().payload == "HTTP://SEQR.SE/000/OLD?TABLE=4"


def test_code_with_an_old_service_id_is_shown_as_outdated() -> None:
    save_qr_code(ShopFactory.create(service_id="OLD"), "Table 4", "TABLE=4", None)
    client = superuser()
    before = client.get(list_url(QrCode)).content.decode()

    Shop.objects.update(service_id="NEW")

    after = client.get(list_url(QrCode)).content.decode()
    assert ("icon-no.svg" in before, "icon-no.svg" in after) == (False, True)


@pytest.mark.parametrize(
    ("kind", "content_type", "start"),
    [("svg", "image/svg+xml", b"<svg "), ("png", "image/png", b"\x89PNG")],
)
def test_files_are_downloaded_under_the_name_of_their_placement(
    kind: str, content_type: str, start: bytes
) -> None:
    shop = ShopFactory.create(slug="lyktan")
    code = save_qr_code(shop, "Bord 4, uteservering", "TABLE=4", None)

    response = superuser().get(file_url(code, kind))

    assert response.headers["Content-Type"] == content_type
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="lyktan-bord-4-uteservering-table4.{kind}"'
    )
    assert response.content.startswith(start)


def test_files_need_the_permission_to_view_codes() -> None:
    code = save_qr_code(ShopFactory.create(), "Table 4", "TABLE=4", None)
    url = file_url(code, "png")

    answers = [
        Client().get(url).status_code,
        staff("orders.view_order").get(url).status_code,
        staff("orders.view_qrcode").get(url).status_code,
    ]

    assert answers == [302, 403, 200]


def test_list_shows_each_code_by_the_address_of_its_drawing() -> None:
    code = save_qr_code(ShopFactory.create(), "Table 4", "TABLE=4", None)

    page = superuser().get(list_url(QrCode)).content.decode()

    assert f'<img src="{file_url(code, "svg")}"' in page
    assert "data:" not in page


def test_codes_are_found_by_placement_and_parameters() -> None:
    shop = ShopFactory.create()
    window = save_qr_code(shop, "Window", "TABLE=4", None)
    save_qr_code(shop, "Counter", "TABLE=5", None)
    client = superuser()

    found = [listed(client, QrCode, q=term) for term in ("window", "TABLE=4")]

    assert found == [[window], [window]]
