"""A shop's menu as the cells of a table, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orders.languages import current_language
from orders.menu_file.cells import GROUP_SEPARATOR
from orders.menu_file.columns import (
    CATEGORY_EN,
    CATEGORY_SV,
    COLUMNS,
    NUMBER,
    OPTION_GROUPS,
    Column,
)
from orders.menu_file.table import write_csv, write_excel
from orders.models import Product, Shop

AS_NUMBERS = ("price", "vat_rate", "take_away_vat_rate", "position", NUMBER)
WRITERS = {"csv": write_csv, "xlsx": write_excel}


def export_menu(shop: Shop, form: str) -> bytes:
    """Return the products of a shop as a file of this form: csv or xlsx.

    Products that are not on sale are there, too. The file, uploaded again, changes nothing.
    """
    rows = menu_rows(shop, as_numbers=form == "xlsx")
    return WRITERS[form]([column.heading for column in COLUMNS], rows)


def products_of(shop: Shop) -> list[Product]:
    """Return all products of a shop in the order of the menu, with categories and option groups."""
    products = Product.objects.filter(shop=shop).select_related("category")
    return list(products.prefetch_related("option_groups").order_by("position", "id"))


def menu_rows(shop: Shop, *, as_numbers: bool) -> Iterator[list[object]]:
    """Yield the cells of each product; amounts and numbers as such, or as text."""
    for product in products_of(shop):
        yield [_cell(product, column, as_numbers) for column in COLUMNS]


def _cell(product: Product, column: Column, as_numbers: bool) -> object:
    value = value_of(product, column.key)
    if as_numbers and column.key in AS_NUMBERS and value is not None:
        return value
    return column.write(value) if column.is_field or column.key == NUMBER else value


def value_of(product: Product, key: str) -> Any:
    """Return what a product has in a column: its field, or the name of what belongs to it."""
    category = product.category
    if key == CATEGORY_SV:
        return "" if category is None else category.name_sv
    if key == CATEGORY_EN:
        return "" if category is None else category.name_en
    if key == OPTION_GROUPS:
        names = (group.name_in(current_language()) for group in product.option_groups.all())
        return f" {GROUP_SEPARATOR} ".join(names)
    return getattr(product, key)
