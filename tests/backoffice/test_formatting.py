"""Times as staff read them."""

from datetime import UTC, datetime

from seqrshop.backoffice.formatting import local_time

EVENING = datetime(2026, 11, 23, 18, 31, 5, tzinfo=UTC)


def test_time_is_local_and_breaks_between_date_and_time_only() -> None:
    assert local_time(EVENING) == "2026‑11‑23 19:31"
    assert local_time(EVENING, with_seconds=True).endswith(" 19:31:05")
