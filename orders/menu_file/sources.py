"""What an import reads: the rows of its file, or the menu of another shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.languages import Named, current_language
from orders.menu_file.columns import COLUMN_OF, COLUMNS, NUMBER, OPTION_GROUPS, Column
from orders.menu_file.export import menu_rows, products_of
from orders.menu_file.plan import Change, MenuPlan, RowPlan, plan_rows
from orders.menu_file.table import Row
from orders.models import MenuImport, OptionGroup, Product, Shop

PICTURE = Column("picture", gettext_lazy("picture"))
PICTURE_FIELDS = ("picture_id", "large_picture_id", "picture_alt_sv", "picture_alt_en")
# What is sold out at one shop is not at the other, and each shop numbers its own products.
IMPORT_LIFETIME = timedelta(days=1)
NOT_COPIED = (NUMBER, "sold_out", OPTION_GROUPS)


@dataclass(frozen=True)
class NewGroup(Named):
    """An option group that is to be copied, with its options, to a shop that has none like it."""

    source_id: int
    name_sv: str
    name_en: str

    def __str__(self) -> str:
        return _("%(name)s (new option group)") % {"name": self.name_in(current_language())}


def plan_import(upload: MenuImport) -> MenuPlan:
    """Return what an import does to its shop's menu as it is now."""
    if upload.copied_from is not None:
        return _plan_copy(upload.copied_from, upload.shop)
    rows = [Row(row["number"], row["cells"]) for row in upload.rows]
    return plan_rows(upload.shop, rows, upload.prices_from)


def forget_old_imports() -> None:
    """Delete the imports that have waited for longer than IMPORT_LIFETIME."""
    MenuImport.objects.filter(made_at__lt=Now() - IMPORT_LIFETIME).delete()


def _plan_copy(source: Shop, target: Shop) -> MenuPlan:
    """Return what a copy of a menu does: by article number or names, products are found or added.

    An option group with the same names is kept as it is; another one is added with its options.
    """
    keys = [column.key for column in COLUMNS]
    rows = [
        Row(
            number,
            {
                key: str(cell)
                for key, cell in zip(keys, cells, strict=True)
                if key not in NOT_COPIED
            },
        )
        for number, cells in enumerate(menu_rows(source, as_numbers=False), start=1)
    ]
    plan = plan_rows(target, rows)
    groups = {(group.name_sv, group.name_en): group for group in target.option_groups.all()}
    for row, product in zip(plan.rows, products_of(source), strict=True):
        if not row.errors:
            _copy_groups(row, product, groups)
            _copy_picture(row, product)
    return plan


def _copy_groups(
    row: RowPlan, product: Product, groups: dict[tuple[str, str], OptionGroup]
) -> None:
    wanted: list[OptionGroup | NewGroup] = [
        groups.get((group.name_sv, group.name_en))
        or NewGroup(group.pk, group.name_sv, group.name_en)
        for group in product.option_groups.all()
    ]
    offered = [] if row.product is None else list(row.product.option_groups.all())
    if set(wanted) != set(offered):
        column = COLUMN_OF[OPTION_GROUPS]
        before, after = (", ".join(sorted(map(str, each))) for each in (offered, wanted))
        row.changes.append(Change(column, before, after, wanted))


def _copy_picture(row: RowPlan, product: Product) -> None:
    """Copy a picture with its descriptions; a product keeps its own where the other has none."""
    wanted = {name: getattr(product, name) for name in PICTURE_FIELDS}
    if product.picture_id is None:
        return
    if row.product is None or any(getattr(row.product, name) != wanted[name] for name in wanted):
        after = product.picture_alt_in(current_language())
        row.changes.append(Change(PICTURE, "", after, wanted))
