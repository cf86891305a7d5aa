"""Products and options: marked as sold out at the counter, on a phone, in a list or by a button."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from orders.languages import current_language
from orders.models import Option, Product
from seqrshop.backoffice.bulk.action import BulkAction
from seqrshop.backoffice.bulk.choose import run_bulk_action
from seqrshop.backoffice.formatting import availability
from seqrshop.backoffice.row_actions import RowActionsAdmin

M = TypeVar("M", Product, Option)


class SellOutAdmin(RowActionsAdmin[M]):
    """The name and the availability in the list, and the actions that change the latter.

    A class has its permission as `has_sell_out_permission`.
    """

    actions = ("mark_sold_out", "mark_back_in_stock")
    sell_out_action: ClassVar[BulkAction]
    bring_back_action: ClassVar[BulkAction]

    def row_actions(self, obj: M) -> tuple[str, ...]:
        """Offer the action that changes something."""
        return ("mark_back_in_stock",) if obj.sold_out else ("mark_sold_out",)

    @admin.display(description=_("name"), ordering="name_sv")
    def name(self, sold: M) -> str:
        """Return the name in the language of the staff."""
        return sold.name_in(current_language())

    @admin.display(description=_("availability"), ordering="sold_out")
    def availability(self, sold: M) -> str:
        """Return whether it can be ordered."""
        return availability(sold)

    @admin.action(description=_("Mark as sold out"), permissions=["sell_out"])
    def mark_sold_out(self, request: HttpRequest, queryset: QuerySet[M]) -> HttpResponse | None:
        """Show the chosen rows as sold out."""
        return run_bulk_action(self, request, queryset, self.sell_out_action)

    @admin.action(description=_("Back in stock"), permissions=["sell_out"])
    def mark_back_in_stock(
        self, request: HttpRequest, queryset: QuerySet[M]
    ) -> HttpResponse | None:
        """Offer the chosen rows again."""
        return run_bulk_action(self, request, queryset, self.bring_back_action)
