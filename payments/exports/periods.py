"""The periods of a schedule: days, weeks from Monday, and months."""

from datetime import date, datetime, time, timedelta

from payments.models import Frequency
from payments.receipts.content import STOCKHOLM

EXPORT_TIME = time(3)  # of the day after a period: what ended at midnight is committed by then


def first_of_period(day: date, frequency: str) -> date:
    """Return the first day of the period that a day is in."""
    if frequency == Frequency.WEEKLY:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if frequency == Frequency.MONTHLY else day


def last_of_period(first: date, frequency: str) -> date:
    """Return the last day of the period that begins on a day."""
    return next_period(first, frequency) - timedelta(days=1)


def next_period(first: date, frequency: str) -> date:
    """Return the first day of the period after the one that begins on a day."""
    if frequency == Frequency.WEEKLY:
        return first + timedelta(days=7)
    if frequency == Frequency.MONTHLY:
        return (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=1)


def is_over(last: date, now: datetime) -> bool:
    """Return whether a period that ends with a day may be exported."""
    return now >= datetime.combine(last + timedelta(days=1), EXPORT_TIME, STOCKHOLM)
