"""Days of Stockholm's clock, which has days of 23 and of 25 hours."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from payments.receipts.content import STOCKHOLM


def bounds_of(day: date) -> tuple[datetime, datetime]:
    """Return when a day begins and when the next one does."""
    return _midnight(day), _midnight(day + timedelta(days=1))


def day_of(moment: datetime) -> date:
    """Return the day of a moment."""
    return moment.astimezone(STOCKHOLM).date()


def days_between(first: date, last: date) -> list[date]:
    """Return the days from the first to the last, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, STOCKHOLM)
