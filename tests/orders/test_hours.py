"""Opening hours follow local time in Stockholm."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import OpeningException, OpeningHours, PlannedPause, Shop
from orders.services import Schedule, first_day_that_counts, schedule_columns
from tests.factories import ShopFactory

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


def hours(weekday: int, opens: str, closes: str) -> OpeningHours:
    """Return the hours of one weekday, such as "08:00" to "17:00"."""
    return OpeningHours(
        weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
    )


def other(first: str, last: str = "", opens: str = "", closes: str = "") -> OpeningException:
    """Return days with other hours; without times, the shop is closed."""
    times = (time.fromisoformat(each) if each else None for each in (opens, closes))
    opens_at, closes_at = times
    return OpeningException(
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last or first),
        opens=opens_at,
        closes=closes_at,
    )


def pause(starts: str, ends: str) -> PlannedPause:
    """Return a pause planned ahead, by local times."""
    return PlannedPause(starts_at=at(starts), ends_at=at(ends))


def at(text: str) -> datetime:
    """Return a moment in Stockholm, such as "2026-11-23 08:00", a Monday."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


OFFICE = [hours(day, "08:00", "17:00") for day in (MON, TUE, WED, THU, FRI)]
BAR = [hours(FRI, "18:00", "02:00"), hours(SAT, "18:00", "02:00")]
LUNCH_AND_DINNER = [hours(MON, "11:00", "14:00"), hours(MON, "17:00", "22:00")]
ALL_SUNDAY = [hours(SUN, "00:00", "00:00")]


def test_shop_without_hours_is_always_open() -> None:
    assert Schedule([]).is_open(at("2026-11-23 03:00"))


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
    assert Schedule(week).is_open(at(moment)) is expected


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
    assert Schedule(week).opens_next(at(moment)) == at(expected)


# On 29 March 2026 the clock goes from 02:00 to 03:00, on 25 October from 03:00 to 02:00.


def test_night_is_an_hour_shorter_when_clocks_go_forward() -> None:
    bar = [hours(SAT, "22:00", "04:00")]
    opened = at("2026-03-28 22:00").astimezone(UTC)

    assert Schedule(bar).is_open(opened + timedelta(hours=4, minutes=59))
    assert not Schedule(bar).is_open(opened + timedelta(hours=5))


def test_night_is_an_hour_longer_when_clocks_go_back() -> None:
    bar = [hours(SAT, "22:00", "04:00")]
    opened = at("2026-10-24 22:00").astimezone(UTC)

    assert Schedule(bar).is_open(opened + timedelta(hours=6, minutes=59))
    assert not Schedule(bar).is_open(opened + timedelta(hours=7))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-28 20:00", "2026-03-29 08:00+02:00"),
        ("2026-10-24 20:00", "2026-10-25 08:00+01:00"),
    ],
)
def test_shop_opens_by_local_time_on_the_day_of_a_clock_change(moment: str, expected: str) -> None:
    assert Schedule([hours(SUN, "08:00", "12:00")]).opens_next(
        at(moment)
    ) == datetime.fromisoformat(expected)


def test_opening_in_the_skipped_hour_is_an_hour_later() -> None:
    night = [hours(SUN, "02:30", "06:00")]

    assert Schedule(night).opens_next(at("2026-03-29 01:00")) == at("2026-03-29 03:30")


def test_hours_within_the_skipped_hour_open_next_week() -> None:
    brief = [hours(SUN, "02:15", "03:00")]

    assert Schedule(brief).opens_next(at("2026-03-29 01:00")) == at("2026-04-05 02:15")


def test_closing_in_the_repeated_hour_is_the_first() -> None:
    bar = [hours(SAT, "22:00", "02:30")]
    opened = at("2026-10-24 22:00").astimezone(UTC)

    assert Schedule(bar).is_open(opened + timedelta(hours=4, minutes=29))
    assert not Schedule(bar).is_open(opened + timedelta(hours=4, minutes=30))


# --- Days with other hours ------------------------------------------------------------------------

CHRISTMAS = other("2026-12-24", "2026-12-27")  # Thursday to Sunday
LONG_EVENING = other("2026-11-23", opens="10:00", closes="03:00")  # a Monday


@pytest.mark.parametrize(
    ("week", "exception", "moment", "expected"),
    [
        (OFFICE, CHRISTMAS, "2026-12-23 12:00", True),
        (OFFICE, CHRISTMAS, "2026-12-24 12:00", False),
        (OFFICE, CHRISTMAS, "2026-12-28 12:00", True),
        (OFFICE, LONG_EVENING, "2026-11-23 09:59", False),
        (OFFICE, LONG_EVENING, "2026-11-23 22:00", True),
        (OFFICE, LONG_EVENING, "2026-11-24 02:59", True),
        (OFFICE, LONG_EVENING, "2026-11-24 03:00", False),
        (OFFICE, LONG_EVENING, "2026-11-24 08:00", True),
        (LUNCH_AND_DINNER, LONG_EVENING, "2026-11-23 15:00", True),
        # Friday's night stays, and Saturday's is called off.
        (BAR, other("2026-11-28"), "2026-11-28 01:00", True),
        (BAR, other("2026-11-28"), "2026-11-28 20:00", False),
        # Always open, but for this day.
        ([], other("2026-11-23"), "2026-11-23 23:59:59", False),
        ([], other("2026-11-23"), "2026-11-22 23:59:59", True),
        ([], other("2026-11-23"), "2026-11-24 00:00", True),
        ([], LONG_EVENING, "2026-11-23 09:00", False),
    ],
)
def test_exception_replaces_the_weekly_hours_of_its_days(
    week: list[OpeningHours], exception: OpeningException, moment: str, expected: bool
) -> None:
    assert Schedule(week, [exception]).is_open(at(moment)) is expected


@pytest.mark.parametrize(
    ("week", "exception", "moment", "expected"),
    [
        (OFFICE, CHRISTMAS, "2026-12-23 17:00", "2026-12-28 08:00"),
        (OFFICE, other("2026-11-24", "2027-01-31"), "2026-11-23 18:00", "2027-02-01 08:00"),
        (OFFICE, LONG_EVENING, "2026-11-23 07:00", "2026-11-23 10:00"),
        ([], other("2026-11-23"), "2026-11-23 12:00", "2026-11-24 00:00"),
        ([], other("2026-10-25"), "2026-10-25 12:00", "2026-10-26 00:00"),  # 25 hours
        ([hours(MON, "08:00", "10:00")], LONG_EVENING, "2026-11-24 03:00", "2026-11-30 08:00"),
    ],
)
def test_next_opening_regards_exceptions(
    week: list[OpeningHours], exception: OpeningException, moment: str, expected: str
) -> None:
    assert Schedule(week, [exception]).opens_next(at(moment)) == at(expected)


def test_long_evening_ends_by_local_time_in_the_night_of_a_clock_change() -> None:
    schedule = Schedule([], [other("2026-10-24", opens="20:00", closes="04:00")])
    opened = at("2026-10-24 20:00").astimezone(UTC)

    assert schedule.is_open(opened + timedelta(hours=8, minutes=59))
    assert not Schedule(OFFICE, schedule.exceptions).is_open(opened + timedelta(hours=9))


# --- Planned pauses -------------------------------------------------------------------------------


def test_shop_takes_orders_once_pauses_and_closing_times_are_over() -> None:
    schedule = Schedule(
        OFFICE,
        [other("2026-11-26")],
        [
            pause("2026-11-23 12:00", "2026-11-24 09:00"),
            pause("2026-11-24 09:00", "2026-11-25 18:00"),
            pause("2026-11-27 07:00", "2026-11-27 10:30"),
        ],
    )

    assert schedule.takes_orders_from(at("2026-11-23 11:00")) == at("2026-11-23 11:00")
    assert schedule.takes_orders_from(at("2026-11-23 12:00")) == at("2026-11-27 10:30")
    assert schedule.pause_at(at("2026-11-27 10:30")) is None


@pytest.mark.django_db
def test_shop_is_read_without_the_days_and_pauses_that_are_over() -> None:
    shop = ShopFactory.create()
    of_shop = OpeningException.objects.filter(shop=shop)
    for exception in (other("2026-11-21"), other("2026-11-20", "2026-11-22"), other("2026-12-24")):
        exception.shop = shop
        exception.save()
    for planned in (
        pause("2026-11-23 08:00", "2026-11-23 09:00"),
        pause("2026-11-23 08:00", "2026-11-23 09:01"),
    ):
        planned.shop = shop
        planned.save()

    moment = at("2026-11-23 09:00")
    columns = schedule_columns(first_day_that_counts(moment), moment)
    read: Any = Shop.objects.annotate(**columns).get()

    [yesterdays, later] = sorted(each["last_day"] for each in read.exceptions)
    assert (yesterdays, later) == ("2026-11-22", "2026-12-24")
    assert of_shop.count() == 3
    assert len(read.pauses) == 1


def test_hours_in_a_skipped_hour_and_a_closed_week_open_the_week_after() -> None:
    brief = Schedule([hours(SUN, "02:15", "03:00")], [other("2026-03-30", "2026-04-05")])

    assert brief.takes_orders_from(at("2026-03-29 01:00")) == at("2026-04-12 02:15")


HALF_HOURS = st.integers(0, 47).map(lambda half: time(half // 2, half % 2 * 30))
# Around the clock change of 25 October 2026.
MOMENTS = st.integers(0, 14 * 48).map(
    lambda half: datetime(2026, 10, 18, tzinfo=UTC) + timedelta(minutes=30 * half)
)
WEEKLY = st.builds(OpeningHours, weekday=st.integers(0, 6), opens=HALF_HOURS, closes=HALF_HOURS)
OTHER_HOURS = st.builds(
    lambda day, times: OpeningException(
        first_day=date(2026, 10, day), last_day=date(2026, 10, day), opens=times[0], closes=times[1]
    ),
    st.integers(18, 31),
    st.just((None, None)) | st.tuples(HALF_HOURS, HALF_HOURS),
)
PAUSES = st.builds(
    lambda starts, hours: PlannedPause(starts_at=starts, ends_at=starts + timedelta(hours=hours)),
    MOMENTS,
    st.integers(1, 60),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(WEEKLY, max_size=4),
    st.lists(OTHER_HOURS, max_size=4, unique_by=lambda each: each.first_day),
    st.lists(PAUSES, max_size=3),
    MOMENTS,
)
def test_next_moment_for_orders_is_open_and_none_before_it_is(
    week: list[OpeningHours],
    exceptions: list[OpeningException],
    pauses: list[PlannedPause],
    moment: datetime,
) -> None:
    schedule = Schedule(week, exceptions, pauses)

    def takes_orders(at: datetime) -> bool:
        return schedule.is_open(at) and schedule.pause_at(at) is None

    found = schedule.takes_orders_from(moment)

    end = moment + timedelta(days=9) if found is None else found
    steps = int((end - moment) / timedelta(minutes=30))
    assert found is None or takes_orders(found)
    assert not any(takes_orders(moment + timedelta(minutes=30 * step)) for step in range(steps))
