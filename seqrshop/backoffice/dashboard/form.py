"""The form of the dashboard: which days, of which shop, and by what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Shop
from payments.receipts.content import STOCKHOLM
from seqrshop.backoffice.dashboard.periods import (
    DEFAULT_DAYS,
    FIRST_DAY,
    MAX_DAYS,
    Grain,
    Period,
)
from seqrshop.backoffice.shop_scope import own_rows

_INVALID_DATE = gettext_lazy("Enter a date such as 2026-11-29.")


def _date_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _INVALID_DATE},
    )


class DashboardForm(forms.Form):
    """What a page shows. A field that is left out has its usual value."""

    by = forms.ChoiceField(
        label=gettext_lazy("One bar per"),
        required=False,
        choices=Grain.choices,
        error_messages={"invalid_choice": gettext_lazy("Choose hour, day, week or month.")},
    )
    first = _date_field(gettext_lazy("From"))
    last = _date_field(gettext_lazy("To"))
    shop = forms.ChoiceField(
        label=gettext_lazy("Shop"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("You have no shop with this name.")},
    )
    currency = forms.RegexField(
        "^[A-Z]{3}$",
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid": gettext_lazy("Choose a currency such as SEK.")},
    )

    def __init__(self, request: HttpRequest) -> None:
        given = {name: request.GET.get(name, "") for name in self.base_fields}
        self.today = timezone.now().astimezone(STOCKHOLM).date()
        super().__init__({**given, "by": given["by"] or Grain.DAY.value})
        self.shops = list(own_rows(request, Shop.objects.order_by("name")))
        field = self.fields["shop"]
        assert isinstance(field, forms.ChoiceField)
        slugs = [(shop.slug, shop.name) for shop in self.shops]
        field.choices = [("", _("All shops")), *slugs]

    @property
    def period(self) -> Period:
        """The period of a valid form."""
        values = self.cleaned_data
        return Period.of(values["by"], values["first"], values["last"])

    @property
    def chosen_shops(self) -> list[Shop]:
        """The chosen shop of a valid form, or all shops of the person."""
        slug = self.cleaned_data["shop"]
        return [shop for shop in self.shops if slug in ("", shop.slug)]

    def clean_by(self) -> Grain:
        """Return the grain."""
        return Grain(self.cleaned_data["by"])

    def clean_first(self) -> date | None:
        """Raise ValidationError for a day before any payment."""
        return self._possible(self.cleaned_data["first"])

    def clean_last(self) -> date | None:
        """Raise ValidationError for a day that is still to come."""
        return self._possible(self.cleaned_data["last"])

    def clean(self) -> dict[str, Any]:
        """Fill in the days that are left out; refuse reversed and too many days."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return values
        usual = timedelta(days=DEFAULT_DAYS[values["by"]] - 1)
        last = values["last"] or self.today
        first = values["first"] or max(min(last, self.today) - usual, FIRST_DAY)
        most = MAX_DAYS[values["by"]]
        if first > last:
            self.add_error("last", _("The last day is before the first one."))
        elif (last - first).days >= most:
            self.add_error("first", _("Choose at most %(days)s days.") % {"days": most})
        # The page shows the days that it chose.
        self.data = {**self.data, "first": first.isoformat(), "last": last.isoformat()}
        return {**values, "first": first, "last": last}

    def _possible(self, day: date | None) -> date | None:
        if day is not None and not FIRST_DAY <= day <= self.today:
            raise forms.ValidationError(
                _("Choose a day from %(first)s to today.") % {"first": FIRST_DAY}
            )
        return day
