"""Printed codes in the admin: drawn when saved, regenerated, downloaded."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
import zxingcpp
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from PIL import Image

from orders.clock import database_now
from orders.codes.drawing import png_of
from orders.codes.generate import save_qr_code
from orders.models import PrintFile, QrCode, Shop
from seqrshop.backoffice.bulk.choose import NOTHING_SELECTED
from tests.factories import ShopFactory
from tests.staff import (
    list_url,
    listed,
    page_url,
    run_action,
    shown_messages,
    staff,
    superuser,
    user_of,
)

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
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png_of(code.payload))))
    assert read.text == code.payload == "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"
    assert code.made_by == user_of(client)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ("table=4", "A parameter's name must be in capital letters."),
        (
            "TABLE=Å",
            "The value of TABLE may hold only A-Z, 0-9 and the characters $ % * + - . / :",
        ),
        (
            "TABLE=4&WHERE=AT-THE-WINDOW-LEFT",
            "The code would hold 58 characters; 50 are allowed.",
        ),
    ],
)
def test_parameters_that_break_the_print_rules_are_refused(parameters: str, sentence: str) -> None:
    shop = ShopFactory.create(service_id="LYKTAN")

    response = add(superuser(), shop, parameters)

    assert response.context["adminform"].form.errors["parameters"] == [sentence]
    assert not QrCode.objects.exists()


def test_second_code_with_the_same_parameters_is_refused() -> None:
    shop = ShopFactory.create()
    save_qr_code(shop, "Table 4", "TABLE=4", None)

    response = add(superuser(), shop, "TABLE=4")

    errors = response.context["adminform"].form.errors
    assert "already has a code with these parameters" in errors["parameters"][0]
    assert QrCode.objects.count() == 1


def test_changed_code_is_redrawn() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    code = save_qr_code(shop, "Table 4", "TABLE=4", None)

    changed = {"shop": shop.pk, "placement": "Table 4", "parameters": "TABLE=5"}
    superuser().post(page_url(code), changed)

    code = QrCode.objects.get()
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png_of(code.payload))))
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


def test_prints_go_from_not_printed_over_outdated_and_replaced_to_printed() -> None:
    shop = ShopFactory.create(service_id="OLD")
    code = save_qr_code(shop, "Table 4", "TABLE=4", None)
    client = superuser()

    def shown() -> str:
        (row,) = listed(client, QrCode)
        return str(row.print_state)

    states = [shown()]
    run_action(client, "mark_printed", code)
    states.append(shown())
    Shop.objects.update(service_id="NEW")
    states.append(shown())
    run_action(client, "regenerate", code)
    states.append(shown())
    run_action(client, "mark_replaced", code)
    states.append(shown())
    marked = [run_action(client, "mark_printed", code) for _ in range(2)]
    states.append(shown())

    assert states == ["none", "printed", "outdated", "replace", "none", "printed"]
    assert [each[-1] for each in marked] == [
        f"Marked as printed: {code}.",
        f"Nothing to change: {code}.",
    ]


def test_code_that_was_deleted_meanwhile_is_not_printed() -> None:
    code = save_qr_code(ShopFactory.create(), "Table 4", "TABLE=4", None)
    QrCode.objects.all().delete()
    body = {"action": "print_codes", "_selected_action": [code.pk]}

    response = superuser().post(list_url(QrCode), body)

    assert shown_messages(response) == [str(NOTHING_SELECTED)]
    assert not PrintFile.objects.exists()


def test_page_of_a_code_shows_each_revision_and_what_became_of_its_print() -> None:
    shop = ShopFactory.create(service_id="OLD")
    code = save_qr_code(shop, "Table 4", "TABLE=4", None)
    client = superuser()
    run_action(client, "mark_printed", code)
    Shop.objects.update(service_id="NEW")
    run_action(client, "regenerate", code)

    page = client.get(page_url(code)).content.decode()

    assert "HTTP://SEQR.SE/000/OLD?TABLE=4" in page
    assert "HTTP://SEQR.SE/000/NEW?TABLE=4" in page
    assert "must be replaced" in page
    assert "regenerated" in page


def test_list_sorts_placements_as_people_count() -> None:
    shop = ShopFactory.create()
    for number in (10, 2, 1, 11):
        save_qr_code(shop, f"Table {number}", f"TABLE={number}", None)
    save_qr_code(shop, "Bar", "", None)

    placements = [code.placement for code in listed(superuser(), QrCode)]

    assert placements == ["Bar", "Table 1", "Table 2", "Table 10", "Table 11"]


def test_code_that_nobody_has_scanned_for_three_weeks_is_listed_as_unused() -> None:
    shop = ShopFactory.create()
    unused, used, new = (
        save_qr_code(shop, f"Table {table}", f"TABLE={table}", None) for table in (14, 15, 16)
    )
    month_ago = database_now() - timedelta(days=30)
    QrCode.objects.exclude(pk=new.pk).update(made_at=month_ago)
    QrCode.objects.filter(pk=unused.pk).update(last_scanned_at=month_ago)
    QrCode.objects.filter(pk=used.pk).update(last_scanned_at=database_now())
    client = superuser()

    found = listed(client, QrCode, use="unused")

    assert found == [unused]
    assert "Not for 4 weeks" in client.get(list_url(QrCode)).content.decode()


@pytest.mark.parametrize("placement", ["Table 4", "table 04", "TABLE 4"])
def test_second_code_at_the_same_placement_is_refused(placement: str) -> None:
    shop = ShopFactory.create()
    save_qr_code(shop, "Table 4", "TABLE=4", None)

    response = superuser().post(
        reverse("admin:orders_qrcode_add"),
        {"shop": shop.pk, "placement": placement, "parameters": "TABLE=5"},
    )

    errors = response.context["adminform"].form.errors
    assert errors == {"placement": ["This shop already has a code at this placement."]}
    assert QrCode.objects.count() == 1


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


def test_list_links_to_the_files_of_each_code() -> None:
    code = save_qr_code(ShopFactory.create(), "Table 4", "TABLE=4", None)

    page = superuser().get(list_url(QrCode)).content.decode()

    links = [f'<a href="{file_url(code, kind)}">{kind.upper()}</a>' for kind in ("svg", "png")]
    assert " · ".join(links) in page


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
