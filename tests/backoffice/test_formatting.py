"""Times as staff read them."""

from datetime import UTC, datetime, timedelta

from seqrshop.backoffice.formatting import local_time, short_time

EVENING = datetime(2026, 11, 23, 18, 31, 5, tzinfo=UTC)


def test_time_is_local_and_breaks_between_date_and_time_only() -> None:
    assert local_time(EVENING) == "2026‑11‑23 19:31"
    assert local_time(EVENING, with_seconds=True).endswith(" 19:31:05")


def test_time_of_another_day_in_the_shops_time_zone_has_its_date() -> None:
    night = EVENING + timedelta(hours=5)

    assert short_time(EVENING, EVENING + timedelta(hours=4)) == "19:31"
    assert short_time(EVENING, night) == "2026-11-23 19:31"
    assert short_time(night, night) == "00:31"
