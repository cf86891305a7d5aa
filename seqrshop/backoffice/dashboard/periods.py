"""The periods of the dashboard: their hours, days, weeks or months, and the period before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

FIRST_DAY = date(2010, 1, 1)
"""No period begins earlier; SEQR was not there yet."""
_DAY = timedelta(days=1)


class Grain(models.TextChoices):
    """What one bar of a chart stands for. An hour is one of the clock, over all days."""

    HOUR = "hour", _("Hour")
    DAY = "day", _("Day")
    WEEK = "week", _("Week")
    MONTH = "month", _("Month")


# The days that a page shows at most, and those that it shows by itself, up to today.
MAX_DAYS = {Grain.HOUR: 93, Grain.DAY: 93, Grain.WEEK: 371, Grain.MONTH: 731}
DEFAULT_DAYS = {Grain.HOUR: 1, Grain.DAY: 30, Grain.WEEK: 12 * 7, Grain.MONTH: 335}


@dataclass(frozen=True)
class Bucket:
    """One bar: the `key` by which the figures are found, its name in a table, and a short one."""

    key: int | date
    name: str
    label: str


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both included; of weeks and months, whole ones."""

    grain: Grain
    first: date
    last: date

    @classmethod
    def of(cls, grain: Grain, first: date, last: date) -> Period:
        """Return the period that has these days, with the rest of the weeks or months."""
        if grain == Grain.WEEK:
            return cls(grain, _monday(first), _monday(last) + 6 * _DAY)
        if grain == Grain.MONTH:
            return cls(grain, first.replace(day=1), _next_month(last) - _DAY)
        return cls(grain, first, last)

    @property
    def before(self) -> Period:
        """The period of as many days, weeks or months that ends where this one begins."""
        last = self.first - _DAY
        if self.grain == Grain.MONTH:
            first = self.first
            for _month in self.starts():
                first = (first - _DAY).replace(day=1)
            return Period(self.grain, first, last)
        return Period(self.grain, self.first - (self.last - self.first) - _DAY, last)

    @property
    def whole_months(self) -> tuple[date, date]:
        """The first day of the whole months in the period, and the day after them.

        They are the same day where no month is whole.
        """
        first = self.first if self.first.day == 1 else _next_month(self.first)
        end = (self.last + _DAY).replace(day=1)
        return first, max(first, end)

    @property
    def name(self) -> str:
        """The days as text: one date, or the first and the last."""
        if self.first == self.last:
            return f"{self.first}"
        return f"{self.first} – {self.last}"

    def starts(self) -> Iterator[date]:
        """Yield the first day of each week or month, or each day."""
        day = self.first
        while day <= self.last:
            yield day
            if self.grain == Grain.MONTH:
                day = _next_month(day)
            else:
                day += 7 * _DAY if self.grain == Grain.WEEK else _DAY

    def buckets(self) -> list[Bucket]:
        """Return the bars from left to right."""
        if self.grain == Grain.HOUR:
            return [Bucket(hour, f"{hour:02}:00", f"{hour:02}") for hour in range(24)]
        return [Bucket(day, *self._names(day)) for day in self.starts()]

    def _names(self, day: date) -> tuple[str, str]:
        if self.grain == Grain.WEEK:
            year, week, _weekday = day.isocalendar()
            name = gettext("Week %(week)s, %(year)s") % {"week": week, "year": year}
            return name, gettext("w. %(week)s") % {"week": week}
        if self.grain == Grain.MONTH:
            return date_format(day, "F Y"), date_format(day, "M")
        return date_format(day, "D j M Y"), date_format(day, "j M")


def _monday(day: date) -> date:
    return day - day.weekday() * _DAY


def _next_month(day: date) -> date:
    return (day.replace(day=1) + 32 * _DAY).replace(day=1)
