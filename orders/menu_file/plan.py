"""Compares the rows of a file with a shop's menu: what each row will do, or why it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from orders.menu_file.cells import comparable, read_names, sentences
from orders.menu_file.columns import (
    CATEGORY_EN,
    CATEGORY_SV,
    COLUMN_OF,
    EMPTY,
    NAMES,
    NOT_FIELDS,
    OPTION_GROUPS,
    Column,
)
from orders.menu_file.shop_menu import NewCategory, NotFound, ShopMenu
from orders.menu_file.table import Row
from orders.models import OptionGroup, Product, Shop

UNCHECKED = ("shop", "category", "picture", "large_picture")


class RowAction(StrEnum):
    """What a row does."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    ERROR = "error"


@dataclass(frozen=True)
class Change:
    """A value that a row changes, as text; `value` is what is stored."""

    column: Column
    before: str
    after: str
    value: Any


@dataclass
class RowPlan:
    """What one row of a file does: `changes` are all values of a new product."""

    number: int
    name: str
    product: Product | None = None
    is_new: bool = False
    changes: list[Change] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)

    @property
    def action(self) -> RowAction:
        """What the row does."""
        if self.errors:
            return RowAction.ERROR
        if self.is_new:
            return RowAction.NEW
        return RowAction.CHANGED if self.changes else RowAction.UNCHANGED

    @property
    def essence(self) -> tuple[object, ...]:
        """What must be the same for the row to do what was shown."""
        changes = [(each.column.key, each.before, each.after) for each in self.changes]
        return self.number, self.action, self.product and self.product.pk, changes, self.errors


@dataclass(frozen=True)
class MenuPlan:
    """What the rows of a file do to a shop's menu; `missing` products are in no row, and stay."""

    rows: list[RowPlan]
    missing: int
    prices_from: datetime | None = None

    @property
    def digest(self) -> str:
        """A digest of what the plan does: an equal one does the same."""
        essence = [self.prices_from, *(row.essence for row in self.rows)]
        return sha256(repr(essence).encode()).hexdigest()

    def count(self, action: RowAction) -> int:
        """Return how many rows do this."""
        return sum(row.action == action for row in self.rows)


def plan_rows(shop: Shop, rows: Iterable[Row], prices_from: datetime | None = None) -> MenuPlan:
    """Return what these rows do to a shop's menu as it is now.

    With `prices_from`, the price of a product that is on the menu changes at that time; a new
    product has its price at once.
    """
    menu = ShopMenu(shop, prices_from)
    plans: list[RowPlan] = []
    seen: dict[object, int] = {}
    for row in rows:
        plan = _plan_row(menu, row)
        identity = _identity(plan, row)
        if identity in seen and not plan.errors:
            text = _("Row %(n)d is about the same product.") % {"n": seen[identity]}
            plan.errors.append((COLUMN_OF["name_sv"].heading, text))
        seen.setdefault(identity, plan.number)
        plans.append(plan)
    found = {plan.product.pk for plan in plans if plan.product is not None}
    return MenuPlan(plans, len(menu.products.keys() - found), prices_from)


def _identity(plan: RowPlan, row: Row) -> object:
    if plan.product is not None:
        return plan.product.pk
    return row.cells.get("sku") or tuple(row.cells.get(name, "").casefold() for name in NAMES)


def _plan_row(menu: ShopMenu, row: Row) -> RowPlan:
    name = next((row.cells[key] for key in (*NAMES, "sku") if row.cells.get(key)), "")
    plan = RowPlan(row.number, name)
    try:
        plan.product = menu.find(row.cells)
    except NotFound as error:
        plan.errors.append((COLUMN_OF[error.key].heading, error.reason))
        return plan
    plan.name = plan.name or str(plan.product or "")
    plan.is_new = plan.product is None
    wanted = _wanted(plan, row)
    product = plan.product
    if product is None:
        product = Product(shop=menu.shop)
        wanted.setdefault("vat_rate", menu.shop.default_vat_rate)
    before = _fields(product, wanted)
    _check(plan, product, wanted)
    if plan.product is not None:
        _restore(product, before)
    _compare(plan, menu, before, wanted)
    _compare_category(plan, menu, row.cells)
    _compare_groups(plan, menu, row.cells)
    return plan


def _wanted(plan: RowPlan, row: Row) -> dict[str, Any]:
    """Return the values of a row's fields; add an error for each that cannot be read."""
    wanted: dict[str, Any] = {}
    for key, text in row.cells.items():
        column = COLUMN_OF[key]
        if key in NOT_FIELDS or (not text and column.needed):
            continue
        try:
            wanted[key] = column.read(text) if text else EMPTY.get(key, "")
        except ValidationError as error:
            plan.errors.append((column.heading, sentences(error)))
    if plan.product is None:
        for key in (*NAMES, "price"):
            if not row.cells.get(key):
                wanted.pop(key, None)
                text = _("A new product needs this.")
                plan.errors.append((COLUMN_OF[key].heading, text))
    return wanted


def _fields(product: Product, keys: Iterable[str]) -> dict[str, Any]:
    return {key: getattr(product, key) for key in keys}


def _restore(product: Product, values: dict[str, Any]) -> None:
    for key, value in values.items():
        setattr(product, key, value)


def _check(plan: RowPlan, product: Product, wanted: dict[str, Any]) -> None:
    """Add an error for each value that a product's own page would refuse."""
    _restore(product, wanted)
    failed = {key for key in COLUMN_OF if COLUMN_OF[key].is_field and key not in wanted}
    try:
        product.clean_fields(exclude={*UNCHECKED, *failed})
        if not plan.errors:
            product.clean()
    except ValidationError as error:
        for key, errors in error.error_dict.items():
            column = COLUMN_OF[key]
            plan.errors.append((column.heading, sentences(ValidationError(errors))))


def _compare(plan: RowPlan, menu: ShopMenu, before: dict[str, Any], wanted: dict[str, Any]) -> None:
    for key, after in wanted.items():
        column, earlier = COLUMN_OF[key], before[key]
        if plan.product is None:
            earlier_text = ""
        else:
            if key == "price" and menu.prices_from is not None:
                earlier = menu.planned_prices.get(plan.product.pk, earlier)
            if comparable(earlier) == comparable(after):
                continue
            earlier_text = column.write(earlier)
        after_text = column.write(after)
        if plan.product is not None or after_text:
            plan.changes.append(Change(column, earlier_text, after_text, after))


def _compare_category(plan: RowPlan, menu: ShopMenu, cells: dict[str, str]) -> None:
    if not {CATEGORY_SV, CATEGORY_EN} & cells.keys():
        return
    current = plan.product.category if plan.product is not None else None
    try:
        wanted = menu.category(cells.get(CATEGORY_SV, ""), cells.get(CATEGORY_EN, ""), current)
    except NotFound as error:
        plan.errors.append((COLUMN_OF[error.key].heading, error.reason))
        return
    if wanted == current:
        return
    after = str(wanted or "")
    if isinstance(wanted, NewCategory):
        after = _("%(name)s (new category)") % {"name": wanted}
    column = COLUMN_OF[CATEGORY_SV]
    plan.changes.append(Change(column, str(current or ""), after, wanted))


def _compare_groups(plan: RowPlan, menu: ShopMenu, cells: dict[str, str]) -> None:
    if OPTION_GROUPS not in cells:
        return
    offered = [] if plan.product is None else list(plan.product.option_groups.all())
    try:
        wanted = menu.groups(read_names(cells[OPTION_GROUPS]), offered)
    except NotFound as error:
        plan.errors.append((COLUMN_OF[OPTION_GROUPS].heading, error.reason))
        return
    if {group.pk for group in wanted} != {group.pk for group in offered}:
        column = COLUMN_OF[OPTION_GROUPS]
        plan.changes.append(Change(column, _listed(offered), _listed(wanted), wanted))


def _listed(groups: Sequence[OptionGroup]) -> str:
    return ", ".join(map(str, groups))
