"""The periods of the dashboard, and the periods before them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqrshop.backoffice.dashboard.periods import Grain, Period

DAY = timedelta(days=1)
DAYS = st.dates(date(2010, 1, 1), date(2040, 12, 31))


@settings(deadline=None)  # hundreds of days are named
@given(st.sampled_from(Grain), DAYS, st.integers(0, 400))
def test_period_before_ends_where_the_period_begins_and_has_as_many_bars(
    grain: Grain, first: date, days: int
) -> None:
    period = Period.of(grain, first, first + days * DAY)

    assert period.first <= first
    assert period.last >= first + days * DAY
    assert period.before.last + DAY == period.first
    assert len(period.before.buckets()) == len(period.buckets())
    if grain != Grain.HOUR:
        keys = [bucket.key for bucket in period.buckets()]
        assert keys == sorted(set(keys), key=str)
        assert keys[0] == period.first
        assert period.before.buckets()[0].key == period.before.first


@pytest.mark.parametrize(
    ("grain", "first", "last", "before"),
    [
        (Grain.HOUR, date(2026, 3, 29), date(2026, 3, 29), (date(2026, 3, 28), date(2026, 3, 28))),
        (Grain.DAY, date(2026, 3, 1), date(2026, 3, 31), (date(2026, 1, 29), date(2026, 2, 28))),
        (Grain.WEEK, date(2026, 1, 1), date(2026, 1, 1), (date(2025, 12, 22), date(2025, 12, 28))),
        (Grain.MONTH, date(2026, 3, 5), date(2026, 4, 2), (date(2026, 1, 1), date(2026, 2, 28))),
    ],
)
def test_weeks_and_months_are_whole_ones(
    grain: Grain, first: date, last: date, before: tuple[date, date]
) -> None:
    period = Period.of(grain, first, last).before

    assert (period.first, period.last) == before


def test_week_is_named_by_its_own_year() -> None:
    [bucket] = Period.of(Grain.WEEK, date(2026, 12, 31), date(2026, 12, 31)).buckets()

    assert (bucket.key, bucket.name) == (date(2026, 12, 28), "Week 53, 2026")
