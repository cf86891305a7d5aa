"""Opening hours: whether a moment is within them, and when the next ones begin."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from orders.models import OpeningHours

_DAY = timedelta(days=1)
_DAYS_AHEAD = 8  # a week, and a day whose hours the change of the clock has swallowed


def is_open(hours: Iterable[OpeningHours], moment: datetime) -> bool:
    """Whether the moment is within these hours. Without any it always is."""
    each = list(hours)
    return not each or any(opens <= moment < closes for opens, closes in _spans(each, moment))


def opens_next(hours: Iterable[OpeningHours], moment: datetime) -> datetime | None:
    """Return the first opening after the moment, or None where there is none."""
    return min((opens for opens, _ in _spans(hours, moment) if opens > moment), default=None)


def _spans(hours: Iterable[OpeningHours], moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield when it opens and closes, from the day before the moment on, in UTC.

    The clock on the wall decides, also in the nights in which it is changed: an hour that comes
    twice is meant the first time, and one that is left out is the one after it.
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
