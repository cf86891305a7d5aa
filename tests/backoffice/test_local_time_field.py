"""The field for a local date and time, on the days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.forms import Form, ValidationError

from seqrshop.backoffice.local_time_field import LocalDateTimeField


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-06-19T18:00", datetime(2026, 6, 19, 16, 0, tzinfo=UTC)),
        ("2026-12-24T15:00", datetime(2026, 12, 24, 14, 0, tzinfo=UTC)),
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the first of two
        ("2026-03-29T01:59", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29T03:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    ],
)
def test_typed_time_is_local(typed: str, moment: datetime) -> None:
    read = LocalDateTimeField().clean(typed)

    assert read.astimezone(UTC) == moment
    assert read.isoformat()[:16] == typed


@pytest.mark.parametrize("typed", ["2026-03-29T02:00", "2026-03-29T02:59"])
def test_hour_that_the_clocks_skip_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        LocalDateTimeField().clean(typed)

    assert refused.value.messages == ["The clocks go forward: there is no such time that night."]


def test_empty_field_that_is_not_required_has_no_time() -> None:
    assert LocalDateTimeField(required=False).clean("") is None


def test_field_is_the_browsers_own_and_shows_local_time() -> None:
    class Planned(Form):
        at = LocalDateTimeField()

    form = Planned(initial={"at": datetime(2026, 6, 19, 16, 0, tzinfo=UTC)})

    assert 'type="datetime-local"' in str(form["at"])
    assert 'value="2026-06-19T18:00"' in str(form["at"])
