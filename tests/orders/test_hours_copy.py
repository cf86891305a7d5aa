"""Opening hours are copied to several shops in one step."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from orders.models import OpeningException, PlannedPause, Shop
from orders.services.hours_copy import HoursPart, copy_hours
from tests.factories import OpeningHoursFactory, ShopFactory
from tests.hours_factories import OpeningExceptionFactory, PlannedPauseFactory
from tests.races import held, wait_for_lock_wait, with_own_connection

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_parts_that_are_chosen_are_copied_and_others_stay() -> None:
    source, *targets = ShopFactory.create_batch(3)
    OpeningHoursFactory.create(shop=source, weekday=1)
    OpeningHoursFactory.create(shop=targets[0], weekday=5)
    OpeningExceptionFactory.create(shop=source)
    OpeningExceptionFactory.create(shop=source, first_day=date(2026, 5, 1))  # is past
    PlannedPauseFactory.create(shop=source, starts_at=NOW, ends_at=NOW + HOUR)

    copy_hours(source, targets, [HoursPart.EXCEPTIONS], NOW)
    kept = [each.weekday for each in targets[0].opening_hours.all()]
    copy_hours(source, targets, [HoursPart.WEEKLY, HoursPart.PAUSES], NOW)

    assert kept == [5]
    for target in targets:
        assert [each.weekday for each in target.opening_hours.all()] == [1]
        [exception] = target.opening_exceptions.all()
        assert (exception.first_day, exception.note_en) == (date(2026, 6, 19), "Midsummer's Eve")
        assert target.planned_pauses.get().ends_at == NOW + HOUR
    assert source.opening_exceptions.count() == 2


@pytest.mark.django_db(transaction=True)
def test_copy_waits_for_another_change_of_a_shop() -> None:
    source, target = ShopFactory.create_batch(2)
    OpeningHoursFactory.create(shop=source, weekday=1)

    with ThreadPoolExecutor(1) as threads:
        with held(lambda: Shop.objects.select_for_update(no_key=True).get(pk=target.pk)):
            copy = threads.submit(
                with_own_connection,
                lambda: copy_hours(source, [target], [HoursPart.WEEKLY], NOW),
            )
            wait_for_lock_wait()
            assert not target.opening_hours.exists()
        copy.result()

    assert [each.weekday for each in target.opening_hours.all()] == [1]


def test_copied_days_and_pauses_replace_those_that_they_overlap() -> None:
    source, target = ShopFactory.create_batch(2)
    OpeningExceptionFactory.create(shop=source)
    OpeningExceptionFactory.create(
        shop=target, first_day=date(2026, 6, 18), last_day=date(2026, 6, 21), note_en="Away"
    )
    OpeningExceptionFactory.create(shop=target, first_day=date(2026, 12, 24))
    PlannedPauseFactory.create(shop=source, starts_at=NOW, ends_at=NOW + HOUR)
    PlannedPauseFactory.create(shop=target, starts_at=NOW - HOUR, ends_at=NOW + HOUR / 2)
    PlannedPauseFactory.create(shop=target, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    later = date(2027, 1, 6)
    OpeningExceptionFactory.create(shop=source, first_day=later, last_day=later)
    PlannedPauseFactory.create(shop=source, starts_at=NOW + 3 * HOUR, ends_at=NOW + 4 * HOUR)

    copy_hours(source, [target], list(HoursPart), NOW)
    copy_hours(source, [target], list(HoursPart), NOW)

    days = OpeningException.objects.filter(shop=target).values_list("first_day", flat=True)
    assert list(days) == [date(2026, 6, 19), date(2026, 12, 24), later]
    starts = PlannedPause.objects.filter(shop=target).values_list("starts_at", flat=True)
    assert list(starts) == [NOW, NOW + HOUR, NOW + 3 * HOUR]
