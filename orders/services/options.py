"""The options that a shop offers with its products, and a customer's choice of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, OuterRef
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.languages import Named, current_language
from orders.models import Option, OptionGroup, Product
from orders.models.food import excluded_diets


class OptionsNotAccepted(Exception):
    """The chosen options do not fit the product. `reason` is a sentence for the customer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class OfferedOption(Named):
    """An option on sale. The price is in major units, VAT included; it may be 0.

    The marks are keys, as the option's model has them.
    """

    id: int
    name_sv: str
    name_en: str
    price: Decimal
    sold_out: bool
    allergens_declared: bool = False
    contains: Sequence[str] = ()
    may_contain: Sequence[str] = ()
    unsuitable_for: Sequence[str] = ()

    @property
    def excluded_diets(self) -> set[str]:
        """The diets that no product is suitable for with this option."""
        return excluded_diets(self.contains) | set(self.unsuitable_for)


@dataclass(frozen=True)
class OfferedGroup(Named):
    """An option group with its options on sale, of which there is at least one."""

    id: int
    name_sv: str
    name_en: str
    minimum: int
    maximum: int
    options: tuple[OfferedOption, ...]

    @property
    def lacks_options(self) -> bool:
        """Whether fewer options are left than the customer must choose."""
        return sum(not option.sold_out for option in self.options) < self.minimum


@dataclass(frozen=True)
class MenuProduct:
    """A product, and the option groups that it offers."""

    product: Product
    option_groups: tuple[OfferedGroup, ...]

    @property
    def is_sold_out(self) -> bool:
        """Whether the product cannot be ordered now: it, or what it needs, is sold out."""
        return self.product.sold_out or any(group.lacks_options for group in self.option_groups)


def offered_groups() -> ArraySubquery:
    """Return an annotation of products, which `menu_product` reads.

    The groups are read with their product, in the same statement: a menu costs one statement with
    options as without, and a product, its groups and their prices are as of one moment.
    """
    options = (
        Option.objects.filter(group=OuterRef("pk"), on_sale=True)
        .order_by("position", "id")
        .values_list(
            JSONObject(
                id="id",
                name_sv="name_sv",
                name_en="name_en",
                price=Cast("price", CharField()),  # a JSON number may lose its öre
                sold_out="sold_out",
                allergens_declared="allergens_declared",
                contains="contains",
                may_contain="may_contain",
                unsuitable_for="unsuitable_for",
            )
        )
    )
    groups = (
        OptionGroup.objects.filter(products=OuterRef("pk"), shop=OuterRef("shop"))
        .order_by("position", "id")
        .values_list(
            JSONObject(
                id="id",
                name_sv="name_sv",
                name_en="name_en",
                minimum="minimum",
                maximum="maximum",
                options=ArraySubquery(options),
            )
        )
    )
    return ArraySubquery(groups)


def menu_product(product: Any) -> MenuProduct:
    """Return a product with its option groups; `product.groups` is annotated `offered_groups`."""
    return MenuProduct(
        product, tuple(_offered_group(group) for group in product.groups if group["options"])
    )


def _offered_group(group: dict[str, Any]) -> OfferedGroup:
    options = (
        OfferedOption(**{**option, "price": Decimal(option["price"])})
        for option in group["options"]
    )
    return OfferedGroup(**{**group, "options": tuple(options)})


def choose(item: MenuProduct, option_ids: Sequence[int]) -> list[OfferedOption]:
    """Return the options of a product that a customer chose, in the order of the menu.

    Raises OptionsNotAccepted for an option that the product does not offer, that is sold out or
    chosen twice, and for more or fewer of a group than it allows.
    """
    chosen = set(option_ids)
    if len(chosen) < len(option_ids):
        raise OptionsNotAccepted(_("Each option may be chosen once."))
    language = current_language()
    found = []
    for group in item.option_groups:
        of_group = [option for option in group.options if option.id in chosen]
        for option in of_group:
            if option.sold_out:
                raise OptionsNotAccepted(
                    _("%(option)s is sold out.") % {"option": option.name_in(language)}
                )
        _require_number(group, len(of_group))
        found += of_group
    if len(found) < len(chosen):
        raise OptionsNotAccepted(
            _("An option that you chose is no longer offered with %(product)s.")
            % {"product": item.product.name_in(language)}
        )
    return found


def _require_number(group: OfferedGroup, number: int) -> None:
    name = group.name_in(current_language())
    if number < group.minimum:
        reason = ngettext(
            "%(group)s: choose at least %(n)d option.",
            "%(group)s: choose at least %(n)d options.",
            group.minimum,
        ) % {"group": name, "n": group.minimum}
    elif number > group.maximum:
        reason = ngettext(
            "%(group)s: choose at most %(n)d option.",
            "%(group)s: choose at most %(n)d options.",
            group.maximum,
        ) % {"group": name, "n": group.maximum}
    else:
        return
    raise OptionsNotAccepted(reason)
