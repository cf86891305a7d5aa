"""The columns of a menu's table. Their keys, order and meaning are stable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from orders.menu_file.cells import (
    amount_text,
    boolean_text,
    choices_text,
    in_each_language,
    read_amount,
    read_boolean,
    read_choices,
    read_line,
    read_lines,
    read_whole,
)
from orders.models import Allergen, Diet, Product


@dataclass(frozen=True)
class Column:
    """A column. The key is that of the product's field, or of what is found by its name.

    In a file, a column is headed by its key or by its label in any language of the shop. A product
    cannot do without a value in a `needed` column: an empty cell leaves it as it is.
    """

    key: str
    label: str | Promise
    write: Callable[[Any], str] = str
    read: Callable[[str], Any] = str
    needed: bool = False

    @property
    def heading(self) -> str:
        """The label in the active language."""
        return capfirst(str(self.label))

    @property
    def is_field(self) -> bool:
        """Whether the column is a field of the product itself."""
        return self.key not in NOT_FIELDS


def _of_field(
    key: str,
    write: Callable[[Any], str] = str,
    read: Callable[[str], Any] = str,
    *,
    needed: bool = False,
) -> Column:
    label = Product._meta.get_field(key).verbose_name  # type: ignore[union-attr]
    return Column(key, label, write, read, needed)


NUMBER = "id"
CATEGORY_SV, CATEGORY_EN = "category_sv", "category_en"
OPTION_GROUPS = "option_groups"
NOT_FIELDS = (NUMBER, CATEGORY_SV, CATEGORY_EN, OPTION_GROUPS)
NAMES = ("name_sv", "name_en")

COLUMNS = (
    Column(NUMBER, _("number"), read=read_whole),
    _of_field("sku", read=read_line),
    _of_field("name_sv", read=read_line),
    _of_field("name_en", read=read_line),
    Column(CATEGORY_SV, _("category in Swedish")),
    Column(CATEGORY_EN, _("category in English")),
    _of_field("price", amount_text, read_amount, needed=True),
    _of_field("vat_rate", amount_text, read_amount, needed=True),
    _of_field("take_away_vat_rate", amount_text, read_amount),
    _of_field("unit", read=read_line, needed=True),
    _of_field("position", read=read_whole, needed=True),
    _of_field("on_sale", boolean_text, read_boolean, needed=True),
    _of_field("sold_out", boolean_text, read_boolean, needed=True),
    _of_field("description_sv", read=read_lines),
    _of_field("description_en", read=read_lines),
    _of_field("ingredients_sv", read=read_lines),
    _of_field("ingredients_en", read=read_lines),
    _of_field("allergens_declared", boolean_text, read_boolean, needed=True),
    _of_field("contains", choices_text(Allergen), read_choices(Allergen)),
    _of_field("may_contain", choices_text(Allergen), read_choices(Allergen)),
    _of_field("diets", choices_text(Diet), read_choices(Diet)),
    Column(OPTION_GROUPS, _("option groups")),
)
COLUMN_OF = {column.key: column for column in COLUMNS}
EMPTY: Mapping[str, Any] = {
    "take_away_vat_rate": None,
    "contains": [],
    "may_contain": [],
    "diets": [],
}
"""What an empty cell means, where it is not an empty text."""


@cache
def columns_by_heading() -> Mapping[str, Column]:
    """Return the columns by what may stand above them, casefolded."""
    found = {column.key: column for column in COLUMNS}
    for column in COLUMNS:
        found |= dict.fromkeys(in_each_language(column.label), column)
    return found
