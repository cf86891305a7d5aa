"""When a shop takes orders: its weekly hours, the exceptions to them, and planned pauses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils import timezone

from orders.models import OpeningException, OpeningHours, PlannedPause

_DAY = timedelta(days=1)
_DAYS_AHEAD = 8  # a week, and a day whose hours a clock change has skipped
_MIDNIGHT = time()
_HOURS = ("weekday", "opens", "closes")
_EXCEPTIONS = ("first_day", "last_day", "opens", "closes", "note_sv", "note_en")
_PAUSES = ("starts_at", "ends_at", "note_sv", "note_en")

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Schedule:
    """The weekly hours of a shop, the exceptions to them, and the pauses planned ahead.

    Local time counts, also in the nights of a clock change: of a repeated hour the first one, and
    for a skipped hour the hour after it. Hours belong to the day on which they begin: an exception
    leaves the night before as it is. A shop without weekly hours is always open, but for the days
    of its exceptions.
    """

    hours: Sequence[OpeningHours] = ()
    exceptions: Sequence[OpeningException] = ()
    pauses: Sequence[PlannedPause] = ()

    def is_open(self, moment: datetime) -> bool:
        """Return whether the shop is open, paused or not."""
        today = moment.astimezone(timezone.get_default_timezone()).date()
        days = self._spans(today - _DAY, today)
        return any(opens <= moment < closes for opens, closes in days)

    def opens_next(self, moment: datetime) -> datetime | None:
        """Return the first opening after the moment, or None if there is none."""
        today = moment.astimezone(timezone.get_default_timezone()).date()
        last_exception = max((each.last_day for each in self.exceptions), default=today)
        days = self._spans(today, max(today, last_exception) + _DAYS_AHEAD * _DAY)
        return next((opens for opens, _ in days if opens > moment), None)

    def pause_at(self, moment: datetime) -> PlannedPause | None:
        """Return the planned pause in which the moment lies."""
        return next((pause for pause in self.pauses if pause.covers(moment)), None)

    def exception_on(self, day: date) -> OpeningException | None:
        """Return the exception that holds on a day."""
        return next((each for each in self.exceptions if each.is_on(day)), None)

    def takes_orders_from(self, moment: datetime) -> datetime | None:
        """Return the moment itself if the shop is open and not paused then, else the first after.

        Returns None where no opening is known.
        """
        while True:
            opens = moment if self.is_open(moment) else self.opens_next(moment)
            pause = None if opens is None else self.pause_at(opens)
            if pause is None:
                return opens
            moment = pause.ends_at

    def _spans(self, first: date, last: date) -> Iterator[Span]:
        """Yield the opening and closing times, in UTC and in order, of these days."""
        zone = timezone.get_default_timezone()
        for number in range((last - first).days + 1):
            day = first + number * _DAY
            spans = (_span(day, *times, zone) for times in self._times_on(day))
            yield from sorted((opens, closes) for opens, closes in spans if opens < closes)

    def _times_on(self, day: date) -> Iterator[tuple[time, time]]:
        exception = self.exception_on(day)
        if exception is not None:
            if exception.opens is not None and exception.closes is not None:
                yield exception.opens, exception.closes
        elif not self.hours:
            yield _MIDNIGHT, _MIDNIGHT
        else:
            for each in self.hours:
                if each.weekday == day.weekday():
                    yield each.opens, each.closes


def _span(day: date, opens: time, closes: time, zone: tzinfo) -> Span:
    last = day if closes > opens else day + _DAY
    return (
        datetime.combine(day, opens, zone).astimezone(UTC),
        datetime.combine(last, closes, zone).astimezone(UTC),
    )


def first_day_that_counts(moment: datetime) -> date:
    """Return yesterday, whose hours may last past midnight, for `schedule_columns`."""
    return moment.astimezone(timezone.get_default_timezone()).date() - _DAY


def schedule_columns(first_day: Any, moment: Any) -> dict[str, ArraySubquery]:
    """Return the annotations of shops that `schedule_of` reads, in the statement of the shops.

    Exceptions before `first_day` and pauses that have ended at `moment` are left out. Both may be
    expressions.
    """
    return {
        "hours": _rows(OpeningHours.objects.order_by("weekday", "opens"), _HOURS),
        "exceptions": _rows(OpeningException.objects.filter(last_day__gte=first_day), _EXCEPTIONS),
        "pauses": _rows(PlannedPause.objects.filter(ends_at__gt=moment), _PAUSES),
    }


def _rows(rows: QuerySet[Any], fields: Sequence[str]) -> ArraySubquery:
    of_shop = rows.filter(shop=OuterRef("pk"))
    return ArraySubquery(of_shop.values_list(JSONObject(**{name: name for name in fields})))


def schedule_of(
    hours: Sequence[Mapping[str, Any]],
    exceptions: Sequence[Mapping[str, Any]],
    pauses: Sequence[Mapping[str, Any]],
) -> Schedule:
    """Return the schedule of a shop from the annotations of `schedule_columns`."""
    return Schedule(
        _models(OpeningHours, hours),
        _models(OpeningException, exceptions),
        _models(PlannedPause, pauses),
    )


def _models(model: type[Any], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return unsaved models; JSON has times and days as text."""
    field = model._meta.get_field
    return [
        model(**{name: field(name).to_python(value) for name, value in row.items()}) for row in rows
    ]
