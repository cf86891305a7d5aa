"""The menu of one shop is copied to a new one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from orders.models import Category, OpeningHours, OptionGroup, Product, Shop
from orders.services import copy_menu
from tests.factories import (
    CategoryFactory,
    OpeningHoursFactory,
    OptionFactory,
    OptionGroupFactory,
    ProductFactory,
    ShopFactory,
)

pytestmark = pytest.mark.django_db

OF_A_PLACE = {"id", "shop_id", "category_id", "sold_out"}


@pytest.fixture
def menu() -> Shop:
    """A shop with a category, a product in it and one without."""
    shop: Shop = ShopFactory.create()
    pastries = CategoryFactory.create(shop=shop, position=3)
    ProductFactory.create(
        shop=shop,
        category=pastries,
        price=Decimal("45.00"),
        vat_rate=Decimal("6.00"),
        sku="BAK-01",
        position=7,
        sold_out=True,
        shown=True,
    )
    ProductFactory.create(shop=shop, name_sv="Te", name_en="Tea", on_sale=False)
    return shop


def test_products_and_categories_are_copied(menu: Shop) -> None:
    target = ShopFactory.create()

    number = copy_menu(menu, target)

    original = Product.objects.get(shop=menu, name_sv="Kanelbulle")
    copy = Product.objects.get(shop=target, name_sv="Kanelbulle")
    assert number == 2
    for name in ("name_en", "price", "vat_rate", "unit", "sku", "position", "on_sale", "picture"):
        assert getattr(copy, name) == getattr(original, name)
    assert (copy.picture_alt_sv, copy.picture_alt_en) == ("En snurrad bulle", "A swirled bun")
    assert copy.category is not None
    assert (copy.category.shop, copy.category.position) == (target, 3)
    assert not Product.objects.get(shop=target, name_sv="Te").on_sale


def test_product_that_is_sold_out_today_is_available_in_the_new_shop(menu: Shop) -> None:
    target = ShopFactory.create()

    copy_menu(menu, target)

    assert not Product.objects.filter(shop=target, sold_out=True).exists()


def test_every_field_of_a_product_but_its_place_is_copied(menu: Shop) -> None:
    Product.objects.filter(shop=menu).update(
        description_en="Baked here",
        contains=["milk"],
        allergens_declared=True,
        take_away_vat_rate=Decimal("6.00"),
    )

    copy_menu(menu, target := ShopFactory.create())

    def fields(shop: Shop) -> list[dict[str, object]]:
        rows = list(Product.objects.filter(shop=shop).order_by("name_sv").values())
        return [
            {name: value for name, value in row.items() if name not in OF_A_PLACE} for row in rows
        ]

    assert fields(target) == fields(menu)


def test_option_groups_are_copied_with_their_options_and_products(menu: Shop) -> None:
    bun = Product.objects.get(shop=menu, name_sv="Kanelbulle")
    extras = OptionGroupFactory.create(
        shop=menu, products=[bun], name_en="Extras", minimum=0, maximum=3, position=4
    )
    OptionFactory.create(
        group=extras, name_en="Butter", sold_out=True, position=2, contains=["milk"]
    )
    OptionFactory.create(group=extras, name_en="Jam", on_sale=False, position=3)
    elsewhere = OptionFactory.create()

    copy_menu(menu, target := ShopFactory.create())

    copy = OptionGroup.objects.get(shop=target)
    assert (copy.name_en, copy.minimum, copy.maximum, copy.position) == ("Extras", 0, 3, 4)
    options = copy.options.values_list(
        "name_en", "price", "position", "on_sale", "sold_out", "contains"
    )
    assert list(options) == [
        ("Butter", Decimal("5.00"), 2, True, False, ["milk"]),
        ("Jam", Decimal("5.00"), 3, False, False, []),
    ]
    assert [each.name_sv for each in copy.products.all()] == ["Kanelbulle"]
    assert copy.products.get().shop == target
    assert list(extras.products.all()) == [bun]
    assert list(elsewhere.group.options.all()) == [elsewhere]


def test_original_and_its_opening_hours_stay_as_they_are(menu: Shop) -> None:
    OpeningHoursFactory.create(shop=menu)
    before = list(Product.objects.filter(shop=menu).order_by("pk").values())

    copy_menu(menu, ShopFactory.create())

    assert list(Product.objects.filter(shop=menu).order_by("pk").values()) == before
    assert Category.objects.filter(shop=menu).count() == 1
    assert [hours.shop for hours in OpeningHours.objects.all()] == [menu]


def test_large_menu_is_copied_in_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    menu = ShopFactory.create()
    category = CategoryFactory.create(shop=menu)
    products = ProductFactory.create_batch(60, shop=menu, category=category)
    for _ in range(5):
        OptionFactory.create_batch(4, group__shop=menu, group__products=products)
    target = ShopFactory.create()

    with django_assert_max_num_queries(12):
        assert copy_menu(menu, target) == 60
