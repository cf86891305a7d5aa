"""The codes of many tables in one form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orders.codes import tables
from orders.codes.generate import add_codes, save_qr_code
from orders.models import CodeRevision, PrintFile, QrCode, Shop
from tests.factories import ShopFactory
from tests.staff import list_url, shown_messages, staff, superuser, user_of

pytestmark = pytest.mark.django_db
ADDRESS = "staff:tables"


def make(client: Client, shop: Shop, /, **typed: object) -> Any:
    """Post the form for the tables 1 to 3, or what else is typed."""
    usual = {"placement": "Table #", "parameters": "TABLE=#", "first": 1, "last": 3}
    return client.post(reverse(ADDRESS), {"shop": shop.pk, **usual, **typed})


def errors_of(response: Any) -> dict[str, list[str]]:
    """Return the sentences beside the fields."""
    return {name: list(each) for name, each in response.context["form"].errors.items()}


def test_each_number_gets_a_code_and_the_next_page_prints_them() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    client = superuser()

    response = make(client, shop, placement="Bord #", first=8, last=11)

    assert list(QrCode.objects.values_list("placement", "payload", "made_by")) == [
        (f"Bord {n}", f"HTTP://SEQR.SE/000/LYKTAN?TABLE={n}", user_of(client).pk)
        for n in (8, 9, 10, 11)
    ]
    assert CodeRevision.objects.filter(reason="ADDED").count() == 4
    file = PrintFile.objects.get()
    assert response.headers["Location"] == reverse("staff:print_file", args=[file.pk])
    assert sorted(file.code_ids) == sorted(QrCode.objects.values_list("pk", flat=True))
    assert shown_messages(response) == ["4 codes were made."]


def test_present_codes_stay_and_only_the_others_are_made() -> None:
    shop = ShopFactory.create()
    kept = save_qr_code(shop, "By the window", "TABLE=2", None)

    response = make(superuser(), shop)

    kept.refresh_from_db()
    assert kept.placement == "By the window"
    assert QrCode.objects.count() == 3
    assert shown_messages(response) == ["2 codes were made.", "1 code was there already."]


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"first": 40, "last": 1}, "last", "below the first one"),
        ({"last": 1001}, "last", "These are 1001 codes; make at most 1000 at a time."),
        ({"first": -1}, "first", "greater than or equal to 0"),
        ({"last": ""}, "last", "required"),
        ({"last": "1e3"}, "last", "whole number"),
        ({"placement": "Table"}, "placement", "Write # where the number belongs."),
        ({"parameters": "TABLE=1"}, "parameters", "Write # where the number belongs."),
        ({"parameters": "table=#"}, "parameters", "must be in capital letters"),
        ({"parameters": "TABLE=#&A"}, "parameters", "NAME=VALUE"),
        ({"parameters": "WHERE-THE-TABLE-STANDS=#"}, "parameters", "50 are allowed"),
        ({"placement": "x" * 58 + "##"}, "placement", "longer than 60 characters"),
        ({"placement": "New #\0"}, "placement", "Null characters"),
        ({"shop": "0"}, "shop", "not one of the available choices"),
    ],
)
def test_wrong_form_gets_a_sentence_beside_its_field_and_makes_nothing(
    typed: dict[str, object], field: str, sentence: str
) -> None:
    shop = ShopFactory.create(service_id="KAFE-LYKTAN")
    if typed.get("placement") == "x" * 58 + "##":
        typed = {**typed, "first": 10, "last": 12}

    response = make(superuser(), shop, **typed)

    errors = errors_of(response)
    assert re.search(re.escape(sentence), " ".join(errors[field]))
    assert list(errors) == [field]
    assert not QrCode.objects.exists()


def test_placement_of_another_code_is_refused_and_nothing_is_made() -> None:
    shop = ShopFactory.create()
    save_qr_code(shop, "table 03", "WINDOW=3", None)

    response = make(superuser(), shop)

    assert errors_of(response) == {
        "placement": ["The shop has another code at this placement already: Table 3."]
    }
    assert QrCode.objects.count() == 1


def test_placement_that_a_colleague_takes_meanwhile_is_refused_and_nothing_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = ShopFactory.create()

    def add_after_colleague(*arguments: Any) -> Sequence[QrCode]:
        save_qr_code(shop, "Table 1", "WINDOW=1", None)
        return add_codes(*arguments)

    monkeypatch.setattr(tables, "add_codes", add_after_colleague)

    response = make(superuser(), shop)

    assert errors_of(response) == {
        "placement": ["The shop has another code at this placement already: Table 1."]
    }
    assert QrCode.objects.get().parameters == "WINDOW=1"


def test_person_who_may_not_print_codes_is_led_to_their_list() -> None:
    shop = ShopFactory.create()
    client = staff("orders.add_qrcode", "orders.view_qrcode", shops=[shop])

    response = make(client, shop)

    assert response.headers["Location"] == list_url(QrCode)
    assert not PrintFile.objects.exists()


def test_codes_that_are_all_present_are_reported() -> None:
    shop = ShopFactory.create()
    client = superuser()
    make(client, shop)

    response = make(client, shop)

    assert errors_of(response) == {"last": ["The shop has all of these codes already."]}


def test_thousand_codes_are_made_at_once() -> None:
    shop = ShopFactory.create()

    response = make(superuser(), shop, last=1000)

    assert shown_messages(response) == ["1000 codes were made."]
    assert QrCode.objects.count() == CodeRevision.objects.count() == 1000


def test_form_offers_and_takes_the_shops_of_the_person_alone() -> None:
    own, other = ShopFactory.create(), ShopFactory.create()
    client = staff("orders.add_qrcode", "orders.view_qrcode", shops=[own])

    page = client.get(reverse(ADDRESS))
    refused = make(client, other)

    assert list(page.context["form"].fields["shop"].queryset) == [own]
    assert "shop" in errors_of(refused)
    assert not QrCode.objects.exists()


def test_form_needs_the_permission_to_add_codes() -> None:
    shop = ShopFactory.create()

    refused = make(staff("orders.view_qrcode", "orders.change_qrcode"), shop)

    assert refused.status_code == 403
    assert not QrCode.objects.exists()
