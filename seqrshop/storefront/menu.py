"""A shop's menu as JSON.

A menu's JSON is kept in the process by the menu's version, which each change of the menu renews in
the change's own transaction: no price is yesterday's (docs/adr/0047).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from orders.languages import current_language
from orders.models import Allergen, Category, Diet, Dining, Picture
from orders.models.food import DeclaresAllergens
from orders.services import MenuProduct, OfferedGroup, OfferedOption, menu_of
from seqrshop.json_text import json_bytes

MAX_MENUS = 256  # of a chain's shops in both languages, 50 KB for a menu of fifty products

Menu = dict[str, orjson.Fragment]

_menus: dict[tuple[int, str], tuple[UUID, Menu]] = {}  # by shop and language


def menu_details(shop: Any) -> Menu:
    """Return the categories and products of a shop as JSON text. Callers must not change them.

    `shop.version_of_menu` is what `shop_with_availability_at` has read: read before the menu, a
    version never stands for an older menu.
    """
    version, key = shop.version_of_menu, (shop.pk, current_language())
    known = _menus.get(key)
    if known is not None and known[0] == version:
        return known[1]
    menu = _menu(menu_of(shop))
    if version is not None:
        if len(_menus) >= MAX_MENUS:
            _menus.clear()
        _menus[key] = version, menu
    return menu


def _menu(products: list[MenuProduct]) -> Menu:
    categories = {item.product.category: None for item in products if item.product.category}
    details = {
        "categories": [_category(category) for category in categories],
        "products": [_product(item) for item in products],
    }
    return {name: orjson.Fragment(json_bytes(value)) for name, value in details.items()}


def amount(value: Decimal) -> str:
    """Return an amount in major units with two decimals, such as `149.99`."""
    return f"{value:.2f}"


def product_with_price(item: MenuProduct) -> dict[str, Any]:
    """Return a product's name and current price, with those of its options."""
    product = item.product
    return {
        "id": product.pk,
        "name": product.name_in(current_language()),
        "price": amount(product.price),
        "unit": product.unit,
        "option_groups": [_option_group(group) for group in item.option_groups],
    }


def _product(item: MenuProduct) -> dict[str, Any]:
    product, language = item.product, current_language()
    alt = product.picture_alt_in(language)
    return {
        **product_with_price(item),
        "category": product.category_id,
        "sold_out": item.is_sold_out,
        "picture": picture_details(product.picture, alt),
        "large_picture": picture_details(product.large_picture, alt),
        "description": product.description_in(language),
        "ingredients": product.ingredients_in(language),
        "allergens": _allergens(product),
        "diet": [choice_details(Diet(key)) for key in product.diets],
    }


def _option_group(group: OfferedGroup) -> dict[str, Any]:
    language = current_language()
    return {
        "id": group.id,
        "name": group.name_in(language),
        "min": group.minimum,
        "max": group.maximum,
        "options": [
            {
                "id": option.id,
                "name": option.name_in(language),
                "price": amount(option.price),
                "sold_out": option.sold_out,
                "allergens": _allergens(option),
                "unsuitable_for": sorted(option.excluded_diets),
            }
            for option in group.options
        ],
    }


def _allergens(declared: DeclaresAllergens | OfferedOption) -> dict[str, Any]:
    return {
        "declared": declared.allergens_declared,
        "contains": [choice_details(Allergen(key)) for key in declared.contains],
        "may_contain": [choice_details(Allergen(key)) for key in declared.may_contain],
    }


def choice_details(choice: Allergen | Diet | Dining) -> dict[str, str]:
    """Return the key of a choice, and its name in the reader's language."""
    return {"key": choice.value, "name": str(choice.label)}


def _category(category: Category) -> dict[str, Any]:
    return {"id": category.pk, "name": category.name_in(current_language())}


def picture_details(picture: Picture | None, alt: str) -> dict[str, Any] | None:
    """Return a picture's address, text and size; None without a picture."""
    if picture is None:
        return None
    return {"url": picture.url, "alt": alt, "width": picture.width, "height": picture.height}
