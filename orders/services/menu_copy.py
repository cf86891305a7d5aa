"""Copies the menu of one shop to another."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

from orders.models import Category, Option, OptionGroup, Product, Shop

M = TypeVar("M", bound=Model)


@transaction.atomic
def copy_menu(source: Shop, target: Shop) -> int:
    """Copy a shop's menu to a shop without any; return the number of products.

    The menu is its categories, its products, and the option groups that they offer. Prices, VAT
    rates and pictures are copied, and what is not on sale. What is sold out at one shop today is
    not sold out at the other, and nothing is sold by Instant Checkout there yet. Both shops need
    the same currency. Opening hours stay, since they belong to a place.
    """
    categories = _copy(Category.objects.filter(shop=source), lambda _: {"shop_id": target.pk})
    groups = _copy(OptionGroup.objects.filter(shop=source), lambda _: {"shop_id": target.pk})
    _copy(
        Option.objects.filter(group__shop=source),
        lambda option: {"group_id": groups[option.group_id], "sold_out": False},
    )
    products = _copy(
        Product.objects.filter(shop=source),
        lambda product: {
            "shop_id": target.pk,
            "category_id": categories.get(product.category_id),
            "sold_out": False,
            "instant_checkout": False,
        },
    )
    offers = Product.option_groups.through.objects
    offers.bulk_create(
        Product.option_groups.through(
            product_id=products[offer.product_id], optiongroup_id=groups[offer.optiongroup_id]
        )
        for offer in offers.filter(product__shop=source, optiongroup__shop=source)
    )
    return len(products)


def copy_group(source: OptionGroup, target: Shop) -> OptionGroup:
    """Copy an option group with its options to a shop; none of them is sold out there."""
    group = copy_of(source, {"shop_id": target.pk})
    group.save()
    _copy(source.options.all(), lambda _: {"group_id": group.pk, "sold_out": False})
    return group


def _copy(rows: QuerySet[M], changes: Callable[[Any], dict[str, Any]]) -> dict[int | None, int]:
    """Copy rows, each with its changed fields; return the ID of each copy by the original's."""
    originals = list(rows)
    copies = rows.model._default_manager.bulk_create(
        copy_of(original, changes(original)) for original in originals
    )
    return {original.pk: copy.pk for original, copy in zip(originals, copies, strict=True)}


def copy_of(original: M, changes: dict[str, Any]) -> M:
    """Return an unsaved copy of a row, with changed fields; a field added later is copied too."""
    fields = {
        field.attname: getattr(original, field.attname)
        for field in original._meta.concrete_fields
        if not field.primary_key
    }
    return type(original)(**(fields | changes))
