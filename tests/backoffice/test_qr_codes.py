"""Printed codes in the admin: made on save, made anew, downloaded."""

from __future__ import annotations

import io
from typing import Any

import pytest
import zxingcpp
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from orders.models import QrCode, Shop
from orders.qr import save_qr_code
from tests.factories import ShopFactory
from tests.staff import boss, find, list_url, page_url, run, staff, user_of

pytestmark = pytest.mark.django_db


def add(client: Client, shop: Shop, parameters: str) -> Any:
    """Post the form for a new code at table 4."""
    return client.post(
        reverse("admin:orders_qrcode_add"),
        {"shop": shop.pk, "placement": "Table 4", "parameters": parameters},
    )


def file_url(code: QrCode, kind: str) -> str:
    """The address of a code's drawing."""
    return reverse(f"admin:orders_qrcode_{kind}", args=[code.pk])


def test_a_code_is_made_when_its_form_is_saved() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    client = boss()

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
def test_parameters_that_break_the_print_rules_are_refused_beside_their_field(
    parameters: str, sentence: str
) -> None:
    shop = ShopFactory.create(service_id="LYKTAN")

    response = add(boss(), shop, parameters)

    assert sentence in response.context["adminform"].form.errors["parameters"][0]
    assert not QrCode.objects.exists()


def test_a_second_code_with_the_same_parameters_is_refused() -> None:
    shop = ShopFactory.create()
    save_qr_code(shop, "Table 4", "TABLE=4", None)

    response = add(boss(), shop, "TABLE=4")

    assert "has a code with these parameters" in str(response.context["adminform"].form.errors)
    assert QrCode.objects.count() == 1


def test_a_changed_code_is_drawn_anew() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    code = save_qr_code(shop, "Table 4", "TABLE=4", None)

    changed = {"shop": shop.pk, "placement": "Table 5", "parameters": "TABLE=5"}
    boss().post(page_url(code), changed)

    code = QrCode.objects.get()
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(code.png)))
    assert read.text == "HTTP://SEQR.SE/000/LYKTAN?TABLE=5"


def test_regenerate_makes_the_chosen_codes_anew_and_leaves_the_others() -> None:
    shop = ShopFactory.create(service_id="OLD")
    one, two, three = (
        save_qr_code(shop, f"Table {table}", f"TABLE={table}", None) for table in (1, 2, 3)
    )
    Shop.objects.update(service_id="NEW")
    client = boss()

    messages = run(client, "regenerate", one, two)

    payloads = dict(QrCode.objects.values_list("pk", "payload"))
    assert payloads[one.pk] == "HTTP://SEQR.SE/000/NEW?TABLE=1"
    assert payloads[two.pk] == "HTTP://SEQR.SE/000/NEW?TABLE=2"
    assert payloads[three.pk] == "HTTP://SEQR.SE/000/OLD?TABLE=3"
    assert messages == [f"Made anew: {one}, {two}."]
    assert {code.made_by for code in QrCode.objects.exclude(pk=three.pk)} == {user_of(client)}
    logged = LogEntry.objects.values_list("object_id", "user", "change_message")
    by = user_of(client).pk
    assert set(logged) == {(str(code.pk), by, "Made anew") for code in (one, two)}


def test_a_code_that_cannot_be_made_anew_is_named_with_the_reason() -> None:
    shop = ShopFactory.create(service_id="OLD")
    fits = save_qr_code(shop, "Counter", "", None)
    long = save_qr_code(shop, "Table 4", "WHERE=TABLE-4", None)
    Shop.objects.update(service_id="KAFE-LYKTAN-I-UPPSALA")

    messages = run(boss(), "regenerate", fits, long)

    assert sorted(message.split(":")[0] for message in messages) == [
        "Left as it was (The code would hold 54 characters; 50 are allowed.)",
        "Made anew",
    ]


def test_regenerate_needs_the_permission_to_change_codes() -> None:
    code = save_qr_code(ShopFactory.create(service_id="OLD"), "Table 4", "TABLE=4", None)
    Shop.objects.update(service_id="NEW")

    run(staff("orders.view_qrcode"), "regenerate", code)

    assert QrCode.objects.get().payload == "HTTP://SEQR.SE/000/OLD?TABLE=4"


def test_a_code_whose_service_id_has_changed_is_shown_as_out_of_date() -> None:
    save_qr_code(ShopFactory.create(service_id="OLD"), "Table 4", "TABLE=4", None)
    client = boss()
    before = client.get(list_url(QrCode)).content.decode()

    Shop.objects.update(service_id="NEW")

    after = client.get(list_url(QrCode)).content.decode()
    assert ("icon-no.svg" in before, "icon-no.svg" in after) == (False, True)


@pytest.mark.parametrize(
    ("kind", "content_type", "start"),
    [("svg", "image/svg+xml", b"<svg "), ("png", "image/png", b"\x89PNG")],
)
def test_both_files_are_downloaded_under_a_name_that_tells_the_place(
    kind: str, content_type: str, start: bytes
) -> None:
    shop = ShopFactory.create(slug="lyktan")
    code = save_qr_code(shop, "Bord 4, uteservering", "TABLE=4", None)

    response = boss().get(file_url(code, kind))

    assert response.headers["Content-Type"] == content_type
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="lyktan-bord-4-uteservering-table4.{kind}"'
    )
    assert response.content.startswith(start)


def test_files_are_only_for_staff_who_may_see_codes() -> None:
    code = save_qr_code(ShopFactory.create(), "Table 4", "TABLE=4", None)
    url = file_url(code, "png")

    answers = [
        Client().get(url).status_code,
        staff("orders.view_order").get(url).status_code,
        staff("orders.view_qrcode").get(url).status_code,
    ]

    assert answers == [302, 403, 200]


def test_the_list_shows_each_code_by_the_address_of_its_drawing() -> None:
    code = save_qr_code(ShopFactory.create(), "Table 4", "TABLE=4", None)

    page = boss().get(list_url(QrCode)).content.decode()

    assert f'<img src="{file_url(code, "svg")}"' in page
    assert "data:" not in page


def test_codes_are_found_by_placement_and_parameters() -> None:
    shop = ShopFactory.create()
    window = save_qr_code(shop, "Window", "TABLE=4", None)
    save_qr_code(shop, "Counter", "TABLE=5", None)
    client = boss()

    found = [find(client, QrCode, q=term) for term in ("window", "TABLE=4")]

    assert found == [[window], [window]]


def test_the_list_of_twenty_codes_costs_no_more_queries_than_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(20):
        save_qr_code(ShopFactory.create(), "Table", f"TABLE={number}", None)
    client = boss()

    with django_assert_max_num_queries(8):
        response = client.get(list_url(QrCode))

    assert len(response.context["cl"].result_list) == 20
