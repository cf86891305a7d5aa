"""The menu of one shop is copied to a new one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from orders.models import Category, OpeningHours, Product, Shop
from orders.services import copy_menu
from tests.factories import CategoryFactory, OpeningHoursFactory, ProductFactory, ShopFactory

pytestmark = pytest.mark.django_db


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
    ProductFactory.create_batch(60, shop=menu, category=CategoryFactory.create(shop=menu))
    target = ShopFactory.create()

    with django_assert_max_num_queries(8):
        assert copy_menu(menu, target) == 60
