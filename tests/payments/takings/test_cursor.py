"""Who counts the audit has its cursor alone; the others leave the count to it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from payments.models import ActivityCursor, ActivityName
from payments.takings.cursor import advance
from tests.factories import OrderFactory
from tests.payments.takings.test_activity import call_of
from tests.races import held

pytestmark = pytest.mark.django_db(transaction=True)
CALLS = ActivityName.CALLS


def test_process_counts_nothing_while_another_one_counts() -> None:
    call_of(OrderFactory.create(), occurred_at=timezone.now() - timedelta(days=3))
    times: list[tuple[datetime, datetime]] = []

    def count(since: datetime, until: datetime) -> None:
        times.append((since, until))

    assert advance(CALLS, count)
    lock = ActivityCursor.objects.select_for_update(no_key=True)
    with held(lambda: lock.get(pk=CALLS)):
        assert not advance(CALLS, count)
        assert len(times) == 1
    assert advance(CALLS, count)

    (first, second) = times
    assert second[0] == first[1] == first[0] + timedelta(days=1)
