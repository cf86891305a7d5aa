"""Opening hours: whether a shop is open at a moment, and when it opens next."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from orders.models import OpeningHours

_DAY = timedelta(days=1)
_DAYS_AHEAD = 8  # a week, and a day whose hours a clock change has skipped


def is_open(hours: Iterable[OpeningHours], moment: datetime) -> bool:
    """Return whether a shop with these hours is open; without hours it always is."""
    listed = list(hours)
    return not listed or any(opens <= moment < closes for opens, closes in _spans(listed, moment))


def opens_next(hours: Iterable[OpeningHours], moment: datetime) -> datetime | None:
    """Return the first opening after the moment, or None if there is none."""
    return min((opens for opens, _ in _spans(hours, moment) if opens > moment), default=None)


def open_from(hours: Iterable[OpeningHours], moment: datetime) -> datetime | None:
    """Return the moment itself if a shop with these hours is open then, else its next opening."""
    listed = list(hours)
    return moment if is_open(listed, moment) else opens_next(listed, moment)


def _spans(hours: Iterable[OpeningHours], moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the opening and closing times in UTC, from the day before the moment on.

    Local time counts, also in the nights of a clock change: of a repeated hour the first one, and
    for a skipped hour the hour after it.
    """
    zone = timezone.get_default_timezone()
    today = moment.astimezone(zone).date()
    for each in hours:
        for days in range(-1, _DAYS_AHEAD + 1):
            day = today + days * _DAY
            if day.weekday() != each.weekday:
                continue
            last = day if each.closes > each.opens else day + _DAY
            opens = datetime.combine(day, each.opens, zone).astimezone(UTC)
            closes = datetime.combine(last, each.closes, zone).astimezone(UTC)
            if opens < closes:
                yield opens, closes
