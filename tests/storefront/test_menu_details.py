"""The menu: a product's options and description, and what the shop asks."""

from __future__ import annotations

import pytest

from orders.models import Option, OptionGroup, Product, Shop
from tests.factories import PictureFactory, ProductFactory
from tests.storefront.conftest import JsonClient
from tests.storefront.order_requests import option, order, refusal, row

pytestmark = pytest.mark.django_db


def test_menu_has_the_options_of_a_product_in_their_order(
    customer: JsonClient, bun: Product, milk: OptionGroup, extras: OptionGroup
) -> None:
    products = customer.send("/lyktan/session").json()["products"]

    groups = {each["name"]: each["option_groups"] for each in products}
    assert groups["Cinnamon bun"] == []
    assert [(each["name"], each["min"], each["max"]) for each in groups["Latte"]] == [
        ("Milk", 1, 1),
        ("Extras", 0, 2),
    ]
    assert groups["Latte"][0]["options"] == [
        {
            "id": option(name),
            "name": name,
            "price": price,
            "sold_out": False,
            "allergens": {"declared": False, "contains": [], "may_contain": []},
            "unsuitable_for": [],
        }
        for name, price in (("Cow's milk", "0.00"), ("Oat milk", "5.00"))
    ]


def test_menu_has_the_allergens_of_an_option_and_the_diets_that_it_excludes(
    customer: JsonClient, milk: OptionGroup
) -> None:
    Option.objects.filter(name_en="Oat milk").update(
        allergens_declared=True,
        contains=["gluten"],
        may_contain=["nuts"],
        unsuitable_for=["lactose_free"],
    )

    menu = customer.send("/lyktan/session", headers={"Accept-Language": "sv"}).json()

    oat = menu["products"][0]["option_groups"][0]["options"][1]
    assert oat["allergens"] == {
        "declared": True,
        "contains": [{"key": "gluten", "name": "spannmål som innehåller gluten"}],
        "may_contain": [{"key": "nuts", "name": "nötter"}],
    }
    assert oat["unsuitable_for"] == ["gluten_free", "lactose_free"]


def test_group_is_shared_by_products_and_named_in_the_requested_language(
    customer: JsonClient, cafe: Shop, latte: Product, milk: OptionGroup
) -> None:
    milk.products.add(ProductFactory.create(shop=cafe, name_sv="Cortado"))

    menu = customer.send("/lyktan/session", headers={"Accept-Language": "sv"}).json()

    assert [each["option_groups"][0]["name"] for each in menu["products"]] == ["Mjölk", "Mjölk"]
    assert menu["products"][0]["option_groups"] == menu["products"][1]["option_groups"]


def test_option_that_is_not_on_sale_is_not_listed(
    customer: JsonClient, milk: OptionGroup, extras: OptionGroup
) -> None:
    Option.objects.filter(group=extras).update(on_sale=False)
    Option.objects.filter(name_en="Oat milk").update(on_sale=False)

    [latte] = customer.send("/lyktan/session").json()["products"]

    assert [each["name"] for each in latte["option_groups"]] == ["Milk"]
    assert [each["name"] for each in latte["option_groups"][0]["options"]] == ["Cow's milk"]


def test_product_whose_needed_options_are_all_sold_out_is_sold_out(
    customer: JsonClient, latte: Product, milk: OptionGroup
) -> None:
    Option.objects.filter(group=milk).update(sold_out=True)

    [shown] = customer.send("/lyktan/session").json()["products"]
    field, message = refusal(order(customer, row(latte, "Oat milk")))

    assert shown["sold_out"]
    assert all(each["sold_out"] for each in shown["option_groups"][0]["options"])
    assert (field, message) == ("rows[0].product", "Latte is sold out.")


def test_menu_has_what_a_customer_reads_of_a_product(customer: JsonClient, cafe: Shop) -> None:
    large = PictureFactory.create(width=800, height=600)
    ProductFactory.create(
        shop=cafe,
        shown=True,
        large_picture=large,
        description_sv="Nybakad",
        description_en="Freshly baked",
        ingredients_sv="Vetemjöl, mjölk",
        ingredients_en="Wheat flour, milk",
        allergens_declared=True,
        contains=["gluten", "milk"],
        may_contain=["nuts"],
        diets=["vegetarian"],
    )

    [bun] = customer.send("/lyktan/session", headers={"Accept-Language": "sv"}).json()["products"]

    assert (bun["description"], bun["ingredients"]) == ("Nybakad", "Vetemjöl, mjölk")
    assert bun["allergens"] == {
        "declared": True,
        "contains": [
            {"key": "gluten", "name": "spannmål som innehåller gluten"},
            {"key": "milk", "name": "mjölk"},
        ],
        "may_contain": [{"key": "nuts", "name": "nötter"}],
    }
    assert bun["diet"] == [{"key": "vegetarian", "name": "vegetarisk"}]
    assert (bun["large_picture"]["width"], bun["large_picture"]["alt"]) == (800, "En snurrad bulle")


def test_product_without_declaration_says_so(customer: JsonClient, bun: Product) -> None:
    [shown] = customer.send("/lyktan/session").json()["products"]

    assert shown["allergens"] == {"declared": False, "contains": [], "may_contain": []}
    assert (shown["description"], shown["large_picture"], shown["diet"]) == ("", None, [])


def test_session_says_what_the_shop_asks(customer: JsonClient, cafe: Shop) -> None:
    silent = customer.send("/lyktan/session").json()["shop"]
    Shop.objects.update(asks_dining=True, tip_percentages=[5, 10])
    asking = customer.send("/lyktan/session").json()["shop"]

    assert (silent["dining"], silent["tip_percentages"]) == ([], [])
    assert [each["key"] for each in asking["dining"]] == ["eat_here", "take_away"]
    assert asking["tip_percentages"] == ["5", "10"]
