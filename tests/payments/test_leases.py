"""Leases and pauses, by a clock that the test sets."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from orders.clock import DatabaseTime
from payments.leases import (
    REPORT_READING_TIME,
    Lease,
    call_lease_duration,
    doubling_pause,
    proportional_pause,
    report_lease_duration,
)
from payments.models import Invoice

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = Lease("capture_lease_until")


@pytest.mark.parametrize(
    ("lease_until", "lapsed"),
    [(None, True), (NOW, True), (NOW - SECOND, True), (NOW + SECOND, False)],
)
def test_lease_lapses_at_its_end(lease_until: datetime | None, lapsed: bool) -> None:
    assert LEASE.has_lapsed(Invoice(capture_lease_until=lease_until), NOW) == lapsed


def test_lease_outlasts_the_longest_call(settings: Settings) -> None:
    settings.SEQR_TIMEOUT_SECONDS = 10

    assert LEASE.taken() == {"capture_lease_until": DatabaseTime(timedelta(seconds=25))}
    assert LEASE.released() == {"capture_lease_until": None}
    assert call_lease_duration(timeouts=4) == timedelta(seconds=45)


def test_lease_of_a_report_outlasts_its_call_and_its_reading(settings: Settings) -> None:
    settings.SEQR_REPORT_TIMEOUT_SECONDS = 60

    assert report_lease_duration() == timedelta(seconds=65) + REPORT_READING_TIME


@pytest.mark.parametrize(
    ("doublings", "seconds"), [(0, 5), (1, 10), (3, 40), (4, 60), (10_000, 60)]
)
def test_doubling_pause_ends_at_the_longest(doublings: int, seconds: int) -> None:
    pause = doubling_pause(doublings, timedelta(seconds=5), timedelta(minutes=1))

    assert pause == timedelta(seconds=seconds)


@pytest.mark.parametrize(("waited", "seconds"), [(0, 5), (60, 6), (300, 30), (86_400, 600)])
def test_proportional_pause_stays_within_its_limits(waited: int, seconds: int) -> None:
    pause = proportional_pause(
        timedelta(seconds=waited), timedelta(seconds=5), timedelta(minutes=10)
    )

    assert pause == timedelta(seconds=seconds)
