"""The opening hours of a shop, their exceptions and planned pauses, on the shop's page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.forms import DateField, DateInput, ModelForm, TextInput, TimeInput
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import OpeningException, OpeningHours, PlannedPause, Shop
from seqrshop.backoffice.local_time_field import LocalDateTimeField
from seqrshop.backoffice.scoped_admin import OwnRowsFormSet, ShopScopedInline

M = TypeVar("M", bound=Model)

SHOWN_AFTER_END = timedelta(days=7)  # so that a page left open over midnight can be saved
FURTHEST_AHEAD = timedelta(days=2 * 366)
TIME_WIDGETS = {
    "opens": TimeInput(attrs={"type": "time"}, format="%H:%M"),
    "closes": TimeInput(attrs={"type": "time"}, format="%H:%M"),
}
NOTE_WIDGETS = {
    "note_sv": TextInput(attrs={"size": 18}),
    "note_en": TextInput(attrs={"size": 18}),
}


class OpeningHoursForm(ModelForm[OpeningHours]):
    """Opening hours on a weekday, in the browser's own time fields."""

    class Meta:
        model = OpeningHours
        fields = ("weekday", "opens", "closes")
        widgets = TIME_WIDGETS


class OpeningHoursInline(ShopScopedInline[OpeningHours, Shop]):
    """The hours in which orders are accepted; a shop without any is always open."""

    model = OpeningHours
    form = OpeningHoursForm
    extra = 0
    verbose_name_plural = gettext_lazy(
        "opening hours (leave empty if always open; closing before opening means the next day)"
    )


class _PeriodForm(ModelForm[M]):
    """A row with a first and a last moment, `ends`, neither of them in the past.

    The last one belongs to the row where `includes_end`, as a day does.
    """

    starts: str
    ends: str
    includes_end = False

    def overlaps(self, earlier: _PeriodForm[M]) -> bool:
        """Return whether this row begins before an earlier one has ended."""
        begins, end = self.cleaned_data[self.starts], earlier.cleaned_data[self.ends]
        return bool(begins <= end if self.includes_end else begins < end)

    def refuse_past(self, now: Any, furthest: Any) -> None:
        """Add an error beside each moment that is in the past, or years ahead."""
        for name in (self.starts, self.ends):
            value = self.cleaned_data.get(name)
            if value is None or name not in self.changed_data:
                continue
            if value < now:
                self.add_error(name, _("This is in the past."))
            elif value > furthest:
                self.add_error(name, _("This is more than two years ahead."))


class _PeriodFormSet(OwnRowsFormSet[M, Shop]):
    """Rows of which no two may overlap."""

    def clean(self) -> None:
        """Add an error beside the start of each row that begins before another has ended."""
        super().clean()
        for earlier, later in pairwise(self._in_order()):
            if later.overlaps(earlier):
                text = _("This overlaps with another row: %(row)s.")
                later.add_error(later.starts, text % {"row": earlier.instance})

    def _in_order(self) -> Sequence[Any]:
        forms: list[Any] = [
            form
            for form in self.forms
            if form.is_valid()
            and form.cleaned_data.get(form.starts)  # type: ignore[attr-defined]
            and not form.cleaned_data.get("DELETE")
        ]
        return sorted(forms, key=lambda form: form.cleaned_data[form.starts])


class OpeningExceptionForm(_PeriodForm[OpeningException]):
    """Days with other hours. Without a last day it is one day; without times, closed."""

    starts, ends = "first_day", "last_day"
    includes_end = True
    last_day = DateField(
        required=False,
        label=capfirst(gettext_lazy("last day")),
        widget=DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    class Meta:
        model = OpeningException
        fields = ("first_day", "last_day", "opens", "closes", "note_sv", "note_en")
        widgets = {
            "first_day": DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            **TIME_WIDGETS,
            **NOTE_WIDGETS,
        }

    def clean_last_day(self) -> date | None:
        """Return the first day where the last one is left empty."""
        last: date | None = self.cleaned_data["last_day"]
        return last or self.cleaned_data.get("first_day")

    def clean(self) -> dict[str, Any]:
        """Require days in order that are not past, and both times or none."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day must not be before the first."))
        opens, closes = cleaned.get("opens"), cleaned.get("closes")
        if (opens is None) != (closes is None) and not {"opens", "closes"} & self.errors.keys():
            missing = "opens" if opens is None else "closes"
            self.add_error(missing, _("Enter both times, or none if the shop is closed."))
        today = timezone.localdate()
        self.refuse_past(today, today + FURTHEST_AHEAD)
        return cleaned


class OpeningExceptionInline(ShopScopedInline[OpeningException, Shop]):
    """The days on which the shop is closed or has other hours, from last week on."""

    model = OpeningException
    form = OpeningExceptionForm
    formset = _PeriodFormSet
    extra = 0
    verbose_name_plural = gettext_lazy(
        "days with other hours (leave the times empty if closed; they replace the weekly hours)"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OpeningException]:
        """Leave out days that are long past."""
        since = timezone.localdate() - SHOWN_AFTER_END
        return super().get_queryset(request).filter(last_day__gte=since)


class PlannedPauseForm(_PeriodForm[PlannedPause]):
    """A pause planned ahead, by local times."""

    starts, ends = "starts_at", "ends_at"
    starts_at = LocalDateTimeField(label=capfirst(gettext_lazy("from")))
    ends_at = LocalDateTimeField(label=capfirst(gettext_lazy("until")))

    class Meta:
        model = PlannedPause
        fields = ("starts_at", "ends_at", "note_sv", "note_en")
        widgets = NOTE_WIDGETS

    def clean(self) -> dict[str, Any]:
        """Require times in order that are not past."""
        cleaned: dict[str, Any] = super().clean() or {}
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("“Until” must be after “from”."))
        now = timezone.now()
        self.refuse_past(now, now + FURTHEST_AHEAD)
        return cleaned


class PlannedPauseInline(ShopScopedInline[PlannedPause, Shop]):
    """The pauses planned ahead, from last week on."""

    model = PlannedPause
    form = PlannedPauseForm
    formset = _PeriodFormSet
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlannedPause]:
        """Leave out pauses that are long past."""
        since = timezone.now() - SHOWN_AFTER_END
        return super().get_queryset(request).filter(ends_at__gte=since)
