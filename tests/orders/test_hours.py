"""Opening hours follow local time in Stockholm."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from orders.models import OpeningHours
from orders.services import is_open, opens_next

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


def hours(weekday: int, opens: str, closes: str) -> OpeningHours:
    """Return the hours of one weekday, such as "08:00" to "17:00"."""
    return OpeningHours(
        weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
    )


def at(text: str) -> datetime:
    """Return a moment in Stockholm, such as "2026-11-23 08:00", a Monday."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


OFFICE = [hours(day, "08:00", "17:00") for day in (MON, TUE, WED, THU, FRI)]
BAR = [hours(FRI, "18:00", "02:00"), hours(SAT, "18:00", "02:00")]
LUNCH_AND_DINNER = [hours(MON, "11:00", "14:00"), hours(MON, "17:00", "22:00")]
ALL_SUNDAY = [hours(SUN, "00:00", "00:00")]


def test_shop_without_hours_is_always_open() -> None:
    assert is_open([], at("2026-11-23 03:00"))


@pytest.mark.parametrize(
    ("week", "moment", "expected"),
    [
        (OFFICE, "2026-11-23 07:59:59", False),
        (OFFICE, "2026-11-23 08:00", True),
        (OFFICE, "2026-11-23 16:59:59", True),
        (OFFICE, "2026-11-23 17:00", False),
        (OFFICE, "2026-11-28 12:00", False),
        (BAR, "2026-11-27 23:59", True),
        (BAR, "2026-11-28 01:59", True),
        (BAR, "2026-11-28 02:00", False),
        (BAR, "2026-11-29 01:00", True),
        (BAR, "2026-11-27 01:00", False),
        (LUNCH_AND_DINNER, "2026-11-23 13:00", True),
        (LUNCH_AND_DINNER, "2026-11-23 15:00", False),
        (LUNCH_AND_DINNER, "2026-11-23 18:00", True),
        (ALL_SUNDAY, "2026-11-28 23:59:59", False),
        (ALL_SUNDAY, "2026-11-29 00:00", True),
        (ALL_SUNDAY, "2026-11-29 23:59:59", True),
        (ALL_SUNDAY, "2026-11-30 00:00", False),
    ],
)
def test_shop_is_open_only_within_its_hours(
    week: list[OpeningHours], moment: str, expected: bool
) -> None:
    assert is_open(week, at(moment)) is expected


@pytest.mark.parametrize(
    ("week", "moment", "expected"),
    [
        (OFFICE, "2026-11-23 05:00", "2026-11-23 08:00"),
        (OFFICE, "2026-11-23 17:00", "2026-11-24 08:00"),
        (OFFICE, "2026-11-27 17:00", "2026-11-30 08:00"),
        (BAR, "2026-11-28 02:00", "2026-11-28 18:00"),
        (LUNCH_AND_DINNER, "2026-11-23 15:00", "2026-11-23 17:00"),
        (LUNCH_AND_DINNER, "2026-11-23 22:00", "2026-11-30 11:00"),
        ([hours(MON, "08:00", "10:00")], "2026-12-28 10:00", "2027-01-04 08:00"),
    ],
)
def test_next_opening_is_the_first_after_the_moment(
    week: list[OpeningHours], moment: str, expected: str
) -> None:
    assert opens_next(week, at(moment)) == at(expected)


# On 29 March 2026 the clock goes from 02:00 to 03:00, on 25 October from 03:00 to 02:00.


def test_night_is_an_hour_shorter_when_clocks_go_forward() -> None:
    bar = [hours(SAT, "22:00", "04:00")]
    opened = at("2026-03-28 22:00").astimezone(UTC)

    assert is_open(bar, opened + timedelta(hours=4, minutes=59))
    assert not is_open(bar, opened + timedelta(hours=5))


def test_night_is_an_hour_longer_when_clocks_go_back() -> None:
    bar = [hours(SAT, "22:00", "04:00")]
    opened = at("2026-10-24 22:00").astimezone(UTC)

    assert is_open(bar, opened + timedelta(hours=6, minutes=59))
    assert not is_open(bar, opened + timedelta(hours=7))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-28 20:00", "2026-03-29 08:00+02:00"),
        ("2026-10-24 20:00", "2026-10-25 08:00+01:00"),
    ],
)
def test_shop_opens_by_local_time_on_the_day_of_a_clock_change(moment: str, expected: str) -> None:
    assert opens_next([hours(SUN, "08:00", "12:00")], at(moment)) == datetime.fromisoformat(
        expected
    )


def test_opening_in_the_skipped_hour_is_an_hour_later() -> None:
    night = [hours(SUN, "02:30", "06:00")]

    assert opens_next(night, at("2026-03-29 01:00")) == at("2026-03-29 03:30")


def test_hours_within_the_skipped_hour_open_next_week() -> None:
    brief = [hours(SUN, "02:15", "03:00")]

    assert opens_next(brief, at("2026-03-29 01:00")) == at("2026-04-05 02:15")


def test_closing_in_the_repeated_hour_is_the_first() -> None:
    bar = [hours(SAT, "22:00", "02:30")]
    opened = at("2026-10-24 22:00").astimezone(UTC)

    assert is_open(bar, opened + timedelta(hours=4, minutes=29))
    assert not is_open(bar, opened + timedelta(hours=4, minutes=30))
