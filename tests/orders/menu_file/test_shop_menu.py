"""The products, categories and option groups of a menu's file are found by what names them."""

from __future__ import annotations

import pytest

from orders.menu_file.plan import RowPlan, plan_rows
from orders.menu_file.table import read_table
from orders.models import Product, Shop
from tests.factories import CategoryFactory, OptionGroupFactory, ProductFactory, ShopFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """A shop with two kinds of bread, and one tea."""
    shop: Shop = ShopFactory.create()
    for name_sv, name_en, sku in [
        ("Bröd", "Loaf", "BREAD"),
        ("Bröd", "Bread", "bread"),
        ("Te", "Tea", "TEA"),
    ]:
        ProductFactory.create(shop=shop, name_sv=name_sv, name_en=name_en, sku=sku)
    return shop


def row(shop: Shop, heading: str, line: str) -> RowPlan:
    """Return what a file with one row does."""
    [found] = plan_rows(shop, read_table(f"{heading}\n{line}\n".encode()).rows).rows
    return found


@pytest.mark.parametrize(
    ("heading", "line", "product"),
    [
        ("sku", "tea", "Tea"),
        ("name_sv;name_en", "te;TEA", "Tea"),
        ("name_sv", "TE", "Tea"),
        ("name_en", "tea", "Tea"),
        ("name_sv;name_en", ";tea", "Tea"),
        ("name_sv;name_en", "BRÖD;loaf", "Loaf"),
        ("sku;name_sv;name_en", "NEW;Bröd;Bread", "Bread"),
        ("name_en", "loaf", "Loaf"),
    ],
)
def test_product_is_found_by_article_number_or_names_in_any_case(
    shop: Shop, heading: str, line: str, product: str
) -> None:
    found = row(shop, heading, line)

    assert found.product == Product.objects.get(shop=shop, name_en=product)
    assert not found.is_new


def test_product_is_found_by_its_number_before_all_else(shop: Shop) -> None:
    bread = Product.objects.get(name_en="Bread")

    found = row(shop, "id;sku;name_sv;name_en", f"{bread.pk};TEA;Te;Tea")

    assert found.product == bread


@pytest.mark.parametrize(
    ("heading", "line", "name"),
    [
        ("sku;name_sv;name_en", "NEW;Kaka;Cake", "Kaka"),
        ("sku;name_en", "NEW;Cake", "Cake"),
        ("sku", "NEW", "NEW"),
        ("name_sv;name_en", "Te;Green tea", "Te"),
    ],
)
def test_row_that_finds_no_product_is_a_new_one(
    shop: Shop, heading: str, line: str, name: str
) -> None:
    found = row(shop, heading, line)

    assert (found.product, found.is_new, found.name) == (None, True, name)


NO_NUMBER = (
    "This shop has no product with this number. Leave it empty to find the product by its article "
    "number or its name."
)
BOTH_LANGUAGES = "A new category needs a name in both languages."


@pytest.mark.parametrize(
    ("heading", "line", "error"),
    [
        ("sku", "Bread", ("Article number", "Several products have this article number.")),
        ("name_sv", "Bröd", ("Name in Swedish", "Several products have this name.")),
        ("id", "0", ("Number", NO_NUMBER)),
        ("id", "-1", ("Number", "Enter a whole number.")),
        (
            "sku;category_sv",
            "TEA;Dryck",
            ("Category in Swedish", "Several categories have this name."),
        ),
        ("sku;category_sv", "TEA;Kakor", ("Category in English", BOTH_LANGUAGES)),
        ("sku;category_en", "TEA;Cakes", ("Category in Swedish", BOTH_LANGUAGES)),
        (
            "sku;category_sv;category_en",
            f"TEA;{'k' * 40};{'c' * 41}",
            ("Category in English", "A category's name has at most 40 characters."),
        ),
        (
            "sku;option_groups",
            "TEA;Storlek",
            ("Option groups", "Several option groups have the name “Storlek”."),
        ),
        (
            "sku;option_groups",
            "TEA;Mjölk | mjölk",
            ("Option groups", "This shop has no option group “mjölk”."),
        ),
    ],
)
def test_what_is_not_found_once_is_an_error_of_its_column(
    shop: Shop, heading: str, line: str, error: tuple[str, str]
) -> None:
    CategoryFactory.create(shop=shop, name_sv="Dryck", name_en="Hot drinks")
    CategoryFactory.create(shop=shop, name_sv="Dryck", name_en="Cold drinks")
    for name_sv, name_en in [("Storlek", "Cup size"), ("Storlek", "Size"), ("Mjölk", "Milk")]:
        OptionGroupFactory.create(shop=shop, name_sv=name_sv, name_en=name_en)

    assert row(shop, heading, line).errors == [error]


def test_category_of_the_product_is_kept_where_several_have_its_name(shop: Shop) -> None:
    hot, _cold = (
        CategoryFactory.create(shop=shop, name_sv="Dryck", name_en=name) for name in ("Hot", "Cold")
    )
    Product.objects.filter(name_en="Tea").update(category=hot)

    kept = row(shop, "sku;category_sv", "TEA;dryck")
    moved = row(shop, "sku;category_sv;category_en", "TEA;Dryck;cold")
    removed = row(shop, "sku;category_sv;category_en", "TEA;;")

    assert (kept.errors, kept.changes) == ([], [])
    assert [(each.before, each.after) for each in moved.changes] == [("Hot", "Cold")]
    assert [(each.before, each.after, each.value) for each in removed.changes] == [
        ("Hot", "", None)
    ]


def test_longest_name_of_a_new_category_is_taken(shop: Shop) -> None:
    found = row(shop, "sku;category_sv;category_en", f"TEA;{'k' * 40};{'c' * 40}")

    assert found.errors == []
    assert [each.after for each in found.changes] == [f"{'c' * 40} (new category)"]


def test_group_that_the_product_offers_is_kept_where_several_have_its_name(shop: Shop) -> None:
    tea = Product.objects.get(name_en="Tea")
    OptionGroupFactory.create(shop=shop, name_sv="Storlek", name_en="Cup size")
    OptionGroupFactory.create(shop=shop, name_sv="Storlek", name_en="Size", products=[tea])

    found = row(shop, "sku;option_groups", "TEA;Storlek")

    assert (found.errors, found.changes) == ([], [])
