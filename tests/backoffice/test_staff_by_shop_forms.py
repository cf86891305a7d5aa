"""Staff by shop: what a person adds and changes stays in the person's shops."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Product, QrCode, Shop
from tests.backoffice.staff_by_shop import PERSONS, World, browser_of, stored
from tests.factories import TerminalFactory
from tests.staff import admin_url, page_url

pytestmark = pytest.mark.django_db

A, AB = PERSONS["person_of_shop_a"], PERSONS["person_of_shops_a_and_b"]
UNKNOWN_ID = 987654321


def code_form(shop: int) -> dict[str, Any]:
    return {"shop": shop, "placement": "Bord 5", "parameters": "TABLE=5"}


def test_person_adds_a_code_in_own_shops_alone(world: World) -> None:
    client = browser_of(A, world)
    address = admin_url(QrCode, "add")

    refused = [
        client.post(address, code_form(pk)).context["adminform"].form.errors
        for pk in (world.shops["B"].pk, UNKNOWN_ID)
    ]
    accepted = client.post(address, code_form(world.shops["A"].pk))

    assert refused[0] == refused[1]
    assert list(refused[0]) == ["shop"]
    assert accepted.status_code == 302
    assert [code.shop for code in QrCode.objects.filter(parameters="TABLE=5")] == [world.shops["A"]]


def test_person_cannot_move_a_code_to_another_shop(world: World) -> None:
    client = browser_of(A, world)
    code = world.row(QrCode, "A")

    response = client.post(page_url(code), code_form(world.shops["B"].pk))

    assert list(response.context["adminform"].form.errors) == ["shop"]
    code.refresh_from_db()
    assert code.shop == world.shops["A"]


def shop_form(shop: Shop, **products: Any) -> dict[str, Any]:
    """Return the form of a shop with one product and without opening hours."""
    return {
        "name": shop.name,
        "slug": shop.slug,
        "service_id": shop.service_id,
        "currency": "SEK",
        "default_vat_rate": "12",
        "accent": shop.accent,
        "kitchen_amber_minutes": shop.kitchen_amber_minutes,
        "kitchen_red_minutes": shop.kitchen_red_minutes,
        "opening_hours-TOTAL_FORMS": 0,
        "opening_hours-INITIAL_FORMS": 0,
        "opening_exceptions-TOTAL_FORMS": 0,
        "opening_exceptions-INITIAL_FORMS": 0,
        "planned_pauses-TOTAL_FORMS": 0,
        "planned_pauses-INITIAL_FORMS": 0,
        "categories-TOTAL_FORMS": 0,
        "categories-INITIAL_FORMS": 0,
        "products-TOTAL_FORMS": 1,
        "products-INITIAL_FORMS": 0,
        "products-0-position": 0,
        "products-0-name_sv": "Semla",
        "products-0-name_en": "Cream bun",
        "products-0-price": "45.00",
        "products-0-vat_rate": "12.00",
        "products-0-unit": "st",
        **{f"products-{name}": value for name, value in products.items()},
    }


def test_person_adds_a_product_to_an_own_shop(world: World) -> None:
    shop = world.shops["A"]

    response = browser_of(A, world).post(page_url(shop), shop_form(shop))

    assert response.status_code == 302
    assert Product.objects.get(name_sv="Semla").shop == shop


def test_persons_shop_keeps_its_terminal_and_its_seller(world: World) -> None:
    shop = world.shops["A"]
    other = TerminalFactory.create(principal_id="terminal-of-another")
    form = shop_form(shop) | {"terminal": other.pk, "seller": other.seller_id}

    response = browser_of(A, world).post(page_url(shop), form)

    assert response.status_code == 302
    terminal = shop.terminal
    shop.refresh_from_db()
    assert shop.terminal == terminal


@pytest.mark.parametrize("forged", ["product", "category", "shop"])
def test_forged_row_of_another_shop_is_refused_like_an_unknown_id(
    forged: str, world: World
) -> None:
    client, shop = browser_of(A, world), world.shops["A"]
    foreign = world.row(Product, "B")
    before = stored()

    def post(row_id: int) -> str:
        fields: dict[str, dict[str, Any]] = {
            "product": {"INITIAL_FORMS": 1, "0-id": row_id, "0-shop": shop.pk},
            "category": {"0-category": row_id},
            "shop": {"0-shop": row_id, "0-price": "no price"},
        }
        response = client.post(page_url(shop), shop_form(shop, **fields[forged]))
        errors = response.context["errors"] if response.status_code == 200 else ""
        return f"{response.status_code} {errors}".replace(f" {row_id} is", " … is")

    row_id = {"product": foreign.pk, "category": foreign.category_id, "shop": foreign.shop_id}
    known, unknown = post(row_id[forged]), post(UNKNOWN_ID)

    assert known == unknown
    assert stored() == before


def test_product_page_refuses_a_category_of_another_shop_like_an_unknown_one(
    world: World,
) -> None:
    client, product = browser_of(AB, world), world.row(Product, "A")
    errors = [
        client.post(page_url(product), {"category": pk}).context["adminform"].form.errors
        for pk in (
            world.row(Product, "B").category_id,
            world.row(Product, "C").category_id,
            UNKNOWN_ID,
        )
    ]

    assert errors[0]["category"] == errors[1]["category"] == errors[2]["category"]
