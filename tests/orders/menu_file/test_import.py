"""A menu's file does what its preview says: it adds and changes products, and removes none."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.menu_file.apply import PlanChanged, apply_import
from orders.menu_file.export import export_menu
from orders.menu_file.plan import MenuPlan, RowAction, plan_rows
from orders.menu_file.sources import forget_old_imports, plan_import
from orders.menu_file.table import read_table
from orders.models import Allergen, Category, Diet, MenuImport, Option, PriceChange, Product, Shop
from tests.factories import (
    CategoryFactory,
    OptionFactory,
    OptionGroupFactory,
    ProductFactory,
    ShopFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """A shop with a bun among the pastries, and coffee with a choice of milk."""
    shop: Shop = ShopFactory.create()
    pastries = CategoryFactory.create(shop=shop)
    ProductFactory.create(shop=shop, category=pastries, sku="BUN", contains=["milk", "gluten"])
    coffee = ProductFactory.create(shop=shop, name_sv="Kaffe", name_en="Coffee", position=1)
    OptionFactory.create(group__shop=shop, group__products=[coffee])
    return shop


def plan(shop: Shop, text: str) -> MenuPlan:
    """Return what a CSV file does."""
    return plan_rows(shop, read_table(text.encode()).rows)


def changes(of: MenuPlan, row: int = 0) -> dict[str, tuple[str, str]]:
    """Return the changes of a row by their columns."""
    return {each.column.key: (each.before, each.after) for each in of.rows[row].changes}


def upload(shop: Shop, clerk: User, text: str = "", **fields: Any) -> MenuImport:
    """Store an import, as the page does."""
    rows = read_table(text.encode()).rows if text else []
    stored: MenuImport = MenuImport.objects.create(
        shop=shop,
        made_by=clerk,
        rows=[{"number": row.number, "cells": row.cells} for row in rows],
        **fields,
    )
    return stored


def apply(stored: MenuImport) -> None:
    """Apply an import as it is previewed now."""
    with transaction.atomic():
        apply_import(stored, plan_import(stored).digest)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_exported_menu_changes_nothing_in_either_language(
    shop: Shop, form: str, language: str
) -> None:
    Product.objects.update(
        name_en='=cmd|"/c calc"!A1',
        description_sv="Två\r\nrader; med “citat”",
        diets=["vegetarian"],
        take_away_vat_rate=Decimal("6.00"),
        on_sale=False,
    )
    with translation.override(language):
        content = export_menu(shop, form)
    other = "en" if language == "sv" else "sv"

    with translation.override(other):
        found = plan_rows(shop, read_table(content).rows)

    assert [row.errors for row in found.rows] == [[], []]
    assert [changes(found, number) for number in range(2)] == [{}, {}]
    assert found.missing == 0


TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40).map(
    str.strip
)


@settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    names=st.tuples(TEXT.filter(bool), TEXT.filter(bool)),
    description=TEXT,
    price=st.decimals("0.01", "99999999", places=2),
    vat=st.none() | st.decimals(0, 99, places=2),
    contains=st.sets(st.sampled_from(Allergen.values)),
    diets=st.sets(st.just(Diet.LACTOSE_FREE.value)),
    form=st.sampled_from(["csv", "xlsx"]),
)
def test_any_product_survives_export_and_import(
    shop: Shop,
    *,
    names: tuple[str, str],
    description: str,
    price: Decimal,
    vat: Decimal | None,
    contains: set[str],
    diets: set[str],
    form: str,
) -> None:
    Product.objects.filter(sku="BUN").update(
        name_sv=names[0],
        name_en=names[1],
        description_sv=description,
        price=price,
        take_away_vat_rate=vat,
        contains=[each for each in Allergen.values if each in contains],
        diets=list(diets),
    )

    found = plan_rows(shop, read_table(export_menu(shop, form)).rows)

    assert [(row.errors, changes(found, n)) for n, row in enumerate(found.rows)] == [([], {})] * 2


def test_preview_says_what_each_row_does(shop: Shop) -> None:
    found = plan(
        shop,
        "sku;name_sv;name_en;price;category_sv;category_en\n"
        "BUN;;;49,50;;\n"
        ";Kaffe;Coffee;45;;\n"
        "TEA;Te;Tea;30;Drycker;Drinks\n",
    )

    assert [row.action.value for row in found.rows] == ["error", "unchanged", "new"]
    assert found.rows[0].errors == [
        ("Name in Swedish", "This field cannot be blank."),
        ("Name in English", "This field cannot be blank."),
    ]
    assert changes(found, 2)["category_sv"] == ("", "Drinks (new category)")
    assert changes(found, 2)["vat_rate"] == ("", "12.00")


def test_file_with_some_columns_changes_only_these(shop: Shop, clerk: User) -> None:
    stored = upload(shop, clerk, "sku;price;vat_rate;sold_out\nBUN;49,50;25 %;ja\n")

    assert changes(plan_import(stored)) == {
        "price": ("45.00", "49.50"),
        "vat_rate": ("12.00", "25.00"),
        "sold_out": ("no", "yes"),
    }
    assert plan_import(stored).missing == 1
    apply(stored)

    bun = Product.objects.get(sku="BUN")
    assert (bun.price, bun.sold_out, bun.name_sv) == (Decimal("49.50"), True, "Kanelbulle")
    assert (bun.contains, bun.category) == (["milk", "gluten"], Category.objects.get())
    assert not MenuImport.objects.exists()


def test_new_products_and_categories_are_added_behind_the_others(shop: Shop, clerk: User) -> None:
    rows = "Te;Tea;30;Drycker;Drinks;milk\nLatte;Latte;45;Drycker;Drinks;mjölk, soybeans\n"
    heading = "name_sv;name_en;price;category_sv;category_en;contains\n"

    apply(upload(shop, clerk, heading + rows))

    tea, latte = Product.objects.filter(shop=shop, position=2).order_by("pk")
    assert tea.category == latte.category == Category.objects.get(name_en="Drinks")
    assert (tea.vat_rate, tea.on_sale, latte.contains) == (Decimal(12), True, ["soybeans", "milk"])


def test_option_groups_are_set_by_their_names(shop: Shop, clerk: User) -> None:
    OptionGroupFactory.create(shop=shop, name_sv="Tillägg", name_en="Extras")
    OptionGroupFactory.create(name_sv="Annans", name_en="Another's")

    apply(upload(shop, clerk, "sku;option_groups\nBUN;Mjölk | extras\n"))
    unknown = plan(shop, "sku;option_groups\nBUN;Annans\n")
    removed = plan(shop, "name_en;option_groups\nCoffee;\n")

    bun = Product.objects.get(sku="BUN")
    assert {group.name_en for group in bun.option_groups.all()} == {"Milk", "Extras"}
    assert unknown.rows[0].errors == [("Option groups", "This shop has no option group “Annans”.")]
    assert changes(removed) == {"option_groups": ("Milk", "")}


@pytest.mark.parametrize(
    ("row", "heading", "sentence"),
    [
        ("sku;price\nBUN;gratis", "Price including VAT", "Enter an amount"),
        ("sku;price\nBUN;0", "Price including VAT", "greater than or equal to 0.01"),
        ("sku;price\nBUN;1.234,50", "Price including VAT", "Enter an amount"),
        ("sku;vat_rate\nBUN;100", "VAT rate (%)", "less than or equal to 99"),
        ("sku;sold_out\nBUN;kanske", "Sold out", "Enter yes or no."),
        ("sku;contains\nBUN;sand", "Contains", "“sand” is not known here. Known are: cereals"),
        ("sku;diets\nBUN;vegan", "Suitable for", "does not fit what the product contains"),
        ("sku;position\nBUN;40000", "Position on the page", "less than or equal to 32767"),
        ('sku;unit\nBUN;"a\nb"', "Unit", "must be on one line"),
        ("sku;name_en\nBUN;" + "a" * 81, "Name in English", "at most 80 characters"),
        ("id;price\n999999;45", "Number", "no product with this number"),
        ("id;price\nx;45", "Number", "Enter a whole number."),
        ("name_sv;price\nTe;45", "Name in English", "A new product needs this."),
        ("name_sv;name_en\nTe;Tea", "Price including VAT", "A new product needs this."),
        ("sku;category_sv\nBUN;Soppor", "Category in English", "a name in both languages"),
    ],
)
def test_error_names_row_and_column_and_nothing_is_applied(
    shop: Shop, clerk: User, row: str, heading: str, sentence: str
) -> None:
    stored = upload(shop, clerk, row)
    before = list(Product.objects.order_by("pk").values())

    [found] = plan_import(stored).rows
    with pytest.raises(PlanChanged):
        apply(stored)

    assert (found.number, found.action, found.errors[0][0]) == (2, RowAction.ERROR, heading)
    assert sentence in found.errors[0][1]
    assert list(Product.objects.order_by("pk").values()) == before


def test_row_about_several_products_and_second_row_about_one_are_errors(shop: Shop) -> None:
    ProductFactory.create(shop=shop, name_sv="Kaffe", name_en="Coffee")

    found = plan(shop, "sku;name_sv;name_en\n;Kaffe;Coffee\nBUN;Bulle;Bun\nBUN;Bulla;Bun\n")

    assert [row.errors for row in found.rows] == [
        [("Name in Swedish", "Several products have this name.")],
        [],
        [("Name in Swedish", "Row 3 is about the same product.")],
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"price": Decimal("46.00")},  # a value that the row changes
        {"sold_out": True},  # a row that changed nothing
        {"sku": "OTHER"},  # what the row was found by
    ],
)
def test_import_is_not_applied_once_the_menu_has_changed(
    shop: Shop, clerk: User, change: dict[str, Any]
) -> None:
    text = "sku;price;sold_out;name_sv;name_en\nBUN;49,50;nej;Bulle;Bun\n"
    stored = upload(shop, clerk, text)
    seen = plan_import(stored).digest
    Product.objects.filter(sku="BUN").update(**change)

    with pytest.raises(PlanChanged), transaction.atomic():
        apply_import(stored, seen)

    assert not Product.objects.filter(price=Decimal("49.50")).exists()
    assert MenuImport.objects.exists()


def test_change_elsewhere_does_not_stop_an_import(shop: Shop, clerk: User) -> None:
    stored = upload(shop, clerk, "sku;price\nBUN;49,50\n")
    seen = plan_import(stored).digest
    Product.objects.filter(sku="BUN").update(description_en="Still warm")

    with transaction.atomic():
        apply_import(stored, seen)

    assert Product.objects.get(sku="BUN").price == Decimal("49.50")


def test_prices_of_an_import_may_wait_for_a_date(shop: Shop, clerk: User) -> None:
    moment = timezone.now() + timedelta(days=3)
    text = "sku;name_sv;name_en;price;unit\nBUN;Bulle;Bun;49,50;kg\nTEA;Te;Tea;30;st\n"

    apply(upload(shop, clerk, text, prices_from=moment))
    again = plan_import(upload(shop, clerk, text, prices_from=moment))
    apply(again_with(shop, clerk, text.replace("49,50", "51,00"), moment))

    bun = Product.objects.get(sku="BUN")
    assert (bun.price, bun.unit, bun.name_sv) == (Decimal("45.00"), "kg", "Bulle")
    assert Product.objects.get(sku="TEA").price == Decimal(30)
    assert again.count(RowAction.UNCHANGED) == 2
    [planned] = PriceChange.objects.all()
    assert (planned.product, planned.price, planned.made_by) == (bun, Decimal("51.00"), clerk)


def again_with(shop: Shop, clerk: User, text: str, moment: Any) -> MenuImport:
    """Return another import of the person, in place of the first."""
    MenuImport.objects.all().delete()
    return upload(shop, clerk, text, prices_from=moment)


def test_import_that_nobody_applies_is_forgotten_after_a_day(shop: Shop, clerk: User) -> None:
    upload(shop, clerk, "sku;price\nBUN;49,50\n")
    upload(ShopFactory.create(), clerk, made_at=timezone.now() - timedelta(hours=25))

    forget_old_imports()

    assert MenuImport.objects.get().shop == shop


# --- A menu is copied to a shop that has products ---------------------------------------------


def test_copy_updates_what_is_there_and_adds_the_rest(shop: Shop, clerk: User) -> None:
    target = ShopFactory.create()
    own = ProductFactory.create(
        shop=target, sku="bun", name_sv="Bulle", price=Decimal("40.00"), sold_out=True
    )
    soup = ProductFactory.create(shop=target, name_sv="Soppa", name_en="Soup")
    Product.objects.filter(shop=shop).update(sold_out=True)
    bun = Product.objects.get(shop=shop, sku="BUN")
    ProductFactory.create(shop=shop, name_en="Shown", shown=True)
    stored = upload(target, clerk, copied_from=shop)

    found = plan_import(stored)
    apply(stored)

    own.refresh_from_db()
    assert [row.action.value for row in found.rows] == ["changed", "new", "new"]
    assert found.missing == 1
    assert (own.price, own.name_sv, own.sold_out, own.sku) == (bun.price, "Kanelbulle", True, "BUN")
    assert own.category == Category.objects.get(shop=target)
    coffee = Product.objects.get(shop=target, name_en="Coffee")
    assert not coffee.sold_out
    assert [group.shop for group in coffee.option_groups.all()] == [target]
    assert Option.objects.filter(group__shop=target).count() == 1
    shown = Product.objects.get(shop=target, name_en="Shown")
    assert (shown.picture, shown.picture_alt_en) == (
        Product.objects.get(shop=shop, name_en="Shown").picture,
        "A swirled bun",
    )
    soup.refresh_from_db()
    assert soup.shop == target


def test_copied_menu_copied_again_changes_nothing(shop: Shop, clerk: User) -> None:
    target = ShopFactory.create()
    apply(upload(target, clerk, copied_from=shop))

    again = plan_import(upload(target, clerk, copied_from=shop))

    assert again.count(RowAction.UNCHANGED) == len(again.rows) == 2
