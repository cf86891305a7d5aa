"""Planned prices: on the page of a product or an option, and applied when their time has come."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.forms import ModelForm, NumberInput, ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from orders.models import Option, PriceChange, Product
from orders.services.prices import apply_price_changes
from seqrshop.backoffice.local_time_field import LocalDateTimeField
from seqrshop.backoffice.scoped_admin import OwnRowsFormSet, ShopScopedInline
from seqrshop.backoffice.shop_hours import FURTHEST_AHEAD

P = TypeVar("P", Product, Option)


class PriceChangeForm(ModelForm[PriceChange]):
    """A price, and the local time from which it counts."""

    applies_at = LocalDateTimeField(label=capfirst(_("from")))

    class Meta:
        model = PriceChange
        fields = ("price", "applies_at")
        widgets = {"price": NumberInput(attrs={"class": "vIntegerField"})}

    def clean_price(self) -> Decimal:
        """Refuse a product for nothing; an option may cost nothing."""
        price: Decimal = self.cleaned_data["price"]
        if not price and self.instance.option_id is None:
            raise ValidationError(_("A product costs at least 0.01."))
        return price

    def clean_applies_at(self) -> datetime:
        """Refuse a time that is past, or years ahead."""
        applies_at: datetime = self.cleaned_data["applies_at"]
        require_planned_time(applies_at)
        return applies_at


def require_planned_time(moment: datetime) -> None:
    """Raise ValidationError for a time that is past, or more than two years ahead."""
    now = timezone.now()
    if moment <= now:
        raise ValidationError(_("This is in the past."))
    if moment > now + FURTHEST_AHEAD:
        raise ValidationError(_("This is more than two years ahead."))


class PriceChangeFormSet(OwnRowsFormSet[PriceChange, P]):
    """The planned prices of a product or an option. One that has been applied is not deleted."""

    def delete_existing(self, obj: PriceChange, commit: bool = True) -> None:
        """Delete a planned price, unless it has been applied since the page was opened."""
        if commit:
            PriceChange.objects.filter(pk=obj.pk, applied_at=None).delete()


class _PriceChangeInline(ShopScopedInline[PriceChange, P]):
    """The prices that are still to come. They are added and deleted, and not changed."""

    model = PriceChange
    form = PriceChangeForm
    formset = PriceChangeFormSet
    extra = 0
    verbose_name_plural = _("planned prices (they apply by themselves; tick Delete to cancel one)")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceChange]:
        """Leave out those that have been applied: the history has them."""
        return super().get_queryset(request).filter(applied_at=None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse everybody."""
        return False


class ProductPricesInline(_PriceChangeInline[Product]):
    """The planned prices on a product's page."""


class OptionPricesInline(_PriceChangeInline[Option]):
    """The planned prices on an option's page."""


class PlannedPricesAdmin:
    """Stores who planned a price. For the admins of products and options."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the planned prices in the name of the person."""
        if formset.model is PriceChange:
            for row in formset.forms:
                row.instance.made_by_id = row.instance.made_by_id or request.user.pk
        super().save_formset(request, form, formset, change)  # type: ignore[misc]


def apply_planned_prices(now: datetime) -> int:
    """Apply the prices whose time has come, each with a line in its history; return how many."""
    return apply_price_changes(now, _record)


def _record(change: PriceChange) -> None:
    """Record a change in Django's log, in words that each reader gets in their own language."""
    fields = [gettext_noop("price including VAT")]
    name = gettext_noop("planned price")
    prices = f"{change.earlier_price} → {change.price}"
    message = {"changed": {"name": name, "object": prices, "fields": fields}}
    row: Any = change.product or change.option
    LogEntry.objects.log_actions(
        change.made_by_id, [row], CHANGE, json.dumps([message]), single_object=True
    )
