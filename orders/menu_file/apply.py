"""Applies what a preview has shown, if it still holds: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from orders.menu_file.columns import CATEGORY_SV, OPTION_GROUPS
from orders.menu_file.plan import Change, MenuPlan, RowAction, RowPlan
from orders.menu_file.shop_menu import NewCategory
from orders.menu_file.sources import PICTURE, NewGroup, plan_import
from orders.models import Category, MenuImport, OptionGroup, PriceChange, Product, Shop
from orders.services.menu_copy import copy_group

MAX_POSITION = 32_767


class PlanChanged(Exception):
    """The menu has changed since the preview, or a row has an error."""


def apply_import(upload: MenuImport, digest: str) -> list[RowPlan]:
    """Apply an import whose preview had this digest; return the rows that changed something.

    Each row has its product then. Must run inside a transaction. The shop's row is locked, so that
    two imports follow each other, and so are its products. Raises PlanChanged, and has changed
    nothing then.
    """
    shop = Shop.objects.select_for_update(no_key=True).get(pk=upload.shop_id)
    products = Product.objects.filter(shop=shop).order_by("pk").select_for_update(no_key=True)
    list(products.values_list("pk", flat=True))
    plan = plan_import(upload)
    if plan.digest != digest or plan.count(RowAction.ERROR):
        raise PlanChanged
    done = [row for row in plan.rows if row.action in (RowAction.NEW, RowAction.CHANGED)]
    with transaction.atomic():
        _Writer(upload, plan).write(done)
    upload.delete()
    return done


class _Writer:
    """Writes the rows of a plan."""

    def __init__(self, upload: MenuImport, plan: MenuPlan) -> None:
        self._shop = upload.shop
        self._person_id = upload.made_by_id
        self._prices_from = plan.prices_from
        self._groups: dict[NewGroup, OptionGroup] = {}
        self._categories: dict[NewCategory, Category] = {}

    def write(self, rows: Sequence[RowPlan]) -> None:
        """Add the new products behind the others, and change those that are changed."""
        last = Product.objects.filter(shop=self._shop).aggregate(Max("position"))["position__max"]
        position = min((last or 0) + 1, MAX_POSITION)
        for row in rows:
            if row.product is None:
                row.product = Product(shop=self._shop, position=position)
                self._write(row.product, row.changes)
            else:
                self._write(row.product, self._without_planned(row))

    def _write(self, product: Product, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.column.key == CATEGORY_SV:
                product.category = self._category(change.value)
            elif change.column == PICTURE:
                for name, value in change.value.items():
                    setattr(product, name, value)
            elif change.column.is_field:
                setattr(product, change.column.key, change.value)
        product.save()
        for change in changes:
            if change.column.key == OPTION_GROUPS:
                product.option_groups.set(map(self._group, change.value))

    def _without_planned(self, row: RowPlan) -> list[Change]:
        """Plan the row's price, if prices change later; return the other changes."""
        if self._prices_from is None:
            return row.changes
        others = []
        for change in row.changes:
            if change.column.key != "price":
                others.append(change)
                continue
            moment = {"product": row.product, "applies_at": self._prices_from}
            PriceChange.objects.filter(**moment, applied_at=None).delete()
            PriceChange.objects.create(**moment, price=change.value, made_by_id=self._person_id)
        return others

    def _group(self, wanted: OptionGroup | NewGroup) -> OptionGroup:
        """Return an option group, which is copied for the first product that needs it."""
        if isinstance(wanted, OptionGroup):
            return wanted
        if wanted not in self._groups:
            source = OptionGroup.objects.get(pk=wanted.source_id)
            self._groups[wanted] = copy_group(source, self._shop)
        return self._groups[wanted]

    def _category(self, wanted: Any) -> Category | None:
        """Return the category, which is added for the first product that needs it."""
        if not isinstance(wanted, NewCategory):
            found: Category | None = wanted
            return found
        if wanted not in self._categories:
            last = Category.objects.filter(shop=self._shop).aggregate(Max("position"))
            self._categories[wanted] = Category.objects.create(
                shop=self._shop,
                name_sv=wanted.name_sv,
                name_en=wanted.name_en,
                position=min((last["position__max"] or 0) + 1, MAX_POSITION),
            )
        return self._categories[wanted]
