"""A menu is kept by its version, which each change of the menu renews when it is committed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orders.models import Category, MenuVersion, Option, OptionGroup, Product, Shop
from tests.conftest import TOKEN
from tests.factories import (
    CategoryFactory,
    CustomerSessionFactory,
    OptionFactory,
    OptionGroupFactory,
    ProductFactory,
    ShopFactory,
)
from tests.races import with_own_connection
from tests.storefront.conftest import JsonClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(cafe: Shop) -> Shop:
    """A shop with a bun in a category, which has an option, and with a group that nothing has."""
    category = CategoryFactory.create(shop=cafe)
    bun = ProductFactory.create(shop=cafe, category=category)
    OptionFactory.create(group__shop=cafe, group__products=[bun])
    OptionFactory.create(group__shop=cafe, group__products=[])
    CustomerSessionFactory.create(shop=cafe, token=TOKEN)
    return cafe


def version_of(shop: Shop) -> UUID | None:
    return MenuVersion.objects.filter(shop=shop).values_list("version", flat=True).first()


def menu(language: str = "en") -> Any:
    return JsonClient(TOKEN).send("/lyktan/session", headers={"Accept-Language": language}).json()


def statements() -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        menu()
    return [query["sql"] for query in captured.captured_queries]


def add_group(shop: Shop) -> None:
    Product.objects.get().option_groups.add(OptionGroup.objects.filter(products=None).get())


CHANGES: dict[str, Callable[[Shop], object]] = {
    "a product is added": lambda shop: ProductFactory.create(shop=shop),
    "a product's price changes": lambda _: Product.objects.update(price="36.00"),
    "a product is sold out": lambda _: Product.objects.update(sold_out=True),
    "a product is deleted": lambda _: Product.objects.all().delete(),
    "a category is renamed": lambda _: Category.objects.update(name_en="Baked today"),
    "a category is deleted": lambda _: Category.objects.all().delete(),
    "an option's price changes": lambda _: Option.objects.update(price="6.50"),
    "an option is added": lambda _: OptionFactory.create(group=OptionGroup.objects.earliest("pk")),
    "an option is deleted": lambda _: Option.objects.all().delete(),
    "a group allows more": lambda _: OptionGroup.objects.update(maximum=4),
    "a group is deleted": lambda _: OptionGroup.objects.all().delete(),
    "a product offers a group": add_group,
    "a product offers no group": lambda _: Product.objects.get().option_groups.clear(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_menu_shows_each_change_at_the_next_request(
    shop: Shop, change: Callable[[Shop], object]
) -> None:
    before, version = menu(), version_of(shop)

    change(shop)

    after = menu()
    assert version_of(shop) != version
    assert (after["products"], after["categories"]) != (before["products"], before["categories"])


def test_menu_that_has_not_changed_is_not_read_again(shop: Shop) -> None:
    first, before = statements(), menu()

    again = statements()

    assert [len(first), len(again)] == [4, 3]
    assert not any("orders_product" in statement for statement in again)
    assert menu() == before


def test_menu_is_kept_for_each_language_and_each_shop(shop: Shop) -> None:
    other = ShopFactory.create(slug="hamnen", terminal=shop.terminal)
    ProductFactory.create(shop=other, name_en="Herring")
    CustomerSessionFactory.create(shop=other, token="0000002012-63506375")

    for _ in range(2):
        assert menu("en")["products"][0]["name"] == "Cinnamon bun"
        assert menu("sv")["products"][0]["name"] == "Kanelbulle"
        of_other = JsonClient("0000002012-63506375").send("/hamnen/session").json()
        assert [each["name"] for each in of_other["products"]] == ["Herring"]


def test_change_renews_the_version_of_its_own_shop_alone(shop: Shop) -> None:
    other = ShopFactory.create(slug="hamnen", terminal=shop.terminal)
    herring = ProductFactory.create(shop=other)
    ours, theirs = version_of(shop), version_of(other)

    Product.objects.filter(pk=herring.pk).update(price="89.00")

    assert version_of(shop) == ours
    assert version_of(other) != theirs


def test_product_that_changes_its_shop_renews_both_versions(shop: Shop) -> None:
    other = ShopFactory.create(slug="hamnen", terminal=shop.terminal)
    herring = ProductFactory.create(shop=other)
    ours, theirs = version_of(shop), version_of(other)

    Product.objects.filter(pk=herring.pk).update(shop=shop)

    assert version_of(shop) != ours
    assert version_of(other) != theirs


def test_option_that_changes_its_group_renews_the_versions_of_both_shops(shop: Shop) -> None:
    other = ShopFactory.create(slug="hamnen", terminal=shop.terminal)
    option = OptionFactory.create(group=OptionGroupFactory.create(shop=other, products=[]))
    ours, theirs = version_of(shop), version_of(other)

    Option.objects.filter(pk=option.pk).update(group=OptionGroup.objects.filter(shop=shop)[0])

    assert version_of(shop) != ours
    assert version_of(other) != theirs


def test_change_that_is_not_committed_yet_is_neither_shown_nor_missed(shop: Shop) -> None:
    before = menu()

    def read() -> Any:
        return with_own_connection(menu)

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            Product.objects.update(price="36.00")
            meanwhile = threads.submit(read).result()
        after = threads.submit(read).result()

    assert meanwhile == before
    assert after["products"][0]["price"] == "36.00"


def test_change_that_is_rolled_back_renews_nothing(shop: Shop) -> None:
    before, version = menu(), version_of(shop)

    with transaction.atomic():
        Product.objects.update(price="36.00")
        transaction.set_rollback(True)

    assert version_of(shop) == version
    assert menu() == before


def test_change_waits_for_nobody_who_changes_another_product(shop: Shop) -> None:
    """An import changes one product after the other; a sold-out mark comes between."""
    coffee = ProductFactory.create(shop=shop, sold_out=False)
    of_coffee, version = Product.objects.filter(pk=coffee.pk), version_of(shop)

    def sell_out() -> int:
        return with_own_connection(lambda: of_coffee.update(sold_out=True))

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        Product.objects.exclude(pk=coffee.pk).update(price="36.00")
        assert threads.submit(sell_out).result() == 1
        meanwhile = version_of(shop)
        of_coffee.update(price="30.00")

    assert len({version, meanwhile, version_of(shop)}) == 3
    assert [(each["price"], each["sold_out"]) for each in menu()["products"]] == [
        ("36.00", False),
        ("30.00", True),
    ]


def test_shop_is_deleted_with_its_menu(shop: Shop) -> None:
    other = ShopFactory.create(slug="hamnen", terminal=shop.terminal)
    ProductFactory.create(shop=other)

    other.delete()

    assert [each.shop_id for each in MenuVersion.objects.all()] == [shop.pk]
