"""A shop's menu, in which products, categories and option groups are found by their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from orders.languages import Named, current_language
from orders.menu_file.cells import read_whole, sentences
from orders.menu_file.columns import CATEGORY_EN, CATEGORY_SV, NAMES, NUMBER, OPTION_GROUPS
from orders.menu_file.export import products_of
from orders.models import Category, OptionGroup, PriceChange, Product, Shop

MAX_NAME_LENGTH = 40  # of a category

N = TypeVar("N", Product, Category, OptionGroup)


class NotFound(Exception):
    """Nothing, or more than one thing, is found by what a column says."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
        self.reason = reason


@dataclass(frozen=True)
class NewCategory(Named):
    """A category that the shop does not have yet."""

    name_sv: str
    name_en: str

    def __str__(self) -> str:
        return self.name_in(current_language())


class _ByName(Generic[N]):
    """Rows that are found by their names, in any case of letters."""

    def __init__(self, rows: Iterable[N]) -> None:
        self._rows: dict[str, list[N]] = defaultdict(list)
        for row in rows:
            for name in {row.name_sv.casefold(), row.name_en.casefold()}:
                self._rows[name].append(row)

    def find(self, name_sv: str, name_en: str) -> list[N]:
        """Return the rows with both names; with the one that is given, if the other is empty."""
        sv, en = name_sv.casefold(), name_en.casefold()
        return [
            row
            for row in self._rows.get(sv or en, [])
            if sv in ("", row.name_sv.casefold()) and en in ("", row.name_en.casefold())
        ]

    def find_either(self, name: str) -> list[N]:
        """Return the rows that have this name in one of the languages."""
        return list(self._rows.get(name.casefold(), []))


class ShopMenu:
    """The products, categories and option groups of a shop, read once."""

    def __init__(self, shop: Shop, prices_from: datetime | None = None) -> None:
        self.shop = shop
        self.prices_from = prices_from
        self.products = {product.pk: product for product in products_of(shop)}
        self.planned_prices = _planned_prices(shop, prices_from)
        self._by_sku: dict[str, list[Product]] = defaultdict(list)
        for product in self.products.values():
            self._by_sku[product.sku.casefold()].append(product)
        self._by_name = _ByName(self.products.values())
        self._categories = _ByName(Category.objects.filter(shop=shop))
        self._groups = _ByName(OptionGroup.objects.filter(shop=shop))

    def find(self, cells: Mapping[str, str]) -> Product | None:
        """Return the product of a row: by its number, else its article number, else its names.

        Returns None for a new product. Raises NotFound.
        """
        if cells.get(NUMBER):
            return self._of_number(cells[NUMBER])
        if (sku := cells.get("sku", "").casefold()) and (found := self._by_sku.get(sku)):
            return _only(found, "sku", _("Several products have this article number."))
        name_sv, name_en = (cells.get(name, "") for name in NAMES)
        found = self._by_name.find(name_sv, name_en) if name_sv or name_en else []
        return _only(found, NAMES[0], _("Several products have this name.")) if found else None

    def _of_number(self, text: str) -> Product:
        try:
            product = self.products.get(read_whole(text))
        except ValidationError as error:
            raise NotFound(NUMBER, sentences(error)) from None
        if product is None:
            raise NotFound(
                NUMBER,
                _(
                    "This shop has no product with this number. Leave it empty to find the product "
                    "by its article number or its name."
                ),
            )
        return product

    def category(
        self, name_sv: str, name_en: str, current: Category | None
    ) -> Category | NewCategory | None:
        """Return the category with these names, one of which may be empty. Raises NotFound."""
        if not name_sv and not name_en:
            return None
        found = self._categories.find(name_sv, name_en)
        if current in found:
            return current
        if found:
            return _only(found, CATEGORY_SV, _("Several categories have this name."))
        for key, name in ((CATEGORY_SV, name_sv), (CATEGORY_EN, name_en)):
            if not name:
                raise NotFound(key, _("A new category needs a name in both languages."))
            if len(name) > MAX_NAME_LENGTH:
                text = _("A category's name has at most %(n)d characters.")
                raise NotFound(key, text % {"n": MAX_NAME_LENGTH})
        return NewCategory(name_sv, name_en)

    def groups(self, names: Sequence[str], offered: Sequence[OptionGroup]) -> list[OptionGroup]:
        """Return the option groups with these names; of several, those offered. Raises NotFound."""
        groups: list[OptionGroup] = []
        for name in names:
            found = [each for each in self._groups.find_either(name) if each not in groups]
            if not found:
                text = _("This shop has no option group “%(name)s”.") % {"name": name}
                raise NotFound(OPTION_GROUPS, text)
            found = [each for each in found if each in offered][:1] or found
            several = _("Several option groups have the name “%(name)s”.") % {"name": name}
            groups.append(_only(found, OPTION_GROUPS, several))
        return groups


def _planned_prices(shop: Shop, prices_from: datetime | None) -> dict[int | None, Decimal]:
    """Return the prices that are planned for this very time already, by product."""
    if prices_from is None:
        return {}
    planned = PriceChange.objects.filter(
        product__shop=shop, applies_at=prices_from, applied_at=None
    )
    return dict(planned.values_list("product_id", "price"))


def _only(found: Sequence[N], key: str, several: str) -> N:
    if len(found) > 1:
        raise NotFound(key, several)
    return found[0]
