"""Scheduled exports: each period once, whatever is killed; failures are recorded and repeated."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from orders.models import AuditEvent, Shop, SubjectType
from payments.exports import deliveries, folder
from payments.exports.deliveries import deliveries_due, make_delivery
from payments.models import (
    DeliveryStatus,
    ExportDelivery,
    ExportSchedule,
    Frequency,
)
from payments.tasks import deliver_exports
from tests.factories import ShopFactory
from tests.payments.exports.files import read_csv
from tests.payments.exports.schedules import AFTER_FIRST, FIRST, NAME, deliver_all, lapse_leases
from tests.races import held

pytestmark = pytest.mark.django_db


def periods(schedule: ExportSchedule) -> list[tuple[date, date]]:
    """Return the periods of a schedule that are delivered."""
    made = schedule.deliveries.filter(status=DeliveryStatus.DELIVERED).order_by("first")
    return list(made.values_list("first", "last"))


def test_finished_day_is_written_to_its_folder_once(new_schedule: Any, tmp_path: Path) -> None:
    schedule = new_schedule(folder="books/lyktan")

    deliver_all()
    deliver_all()

    [file] = (tmp_path / "books" / "lyktan").iterdir()
    assert file.name == NAME.format(schedule.pk)
    assert [row["gross"] for row in read_csv(file.read_bytes())] == ["45.00"]
    assert ExportDelivery.objects.get().attempts == 1
    assert periods(schedule) == [(FIRST, FIRST)]


@pytest.mark.parametrize("way", [{}, {"folder": "", "recipient": "books@example.se"}])
def test_audit_records_each_delivery_without_its_recipient(
    new_schedule: Any, shop: Shop, way: dict[str, str]
) -> None:
    schedule = new_schedule(**way)

    deliver_all()
    lapse_leases()
    deliver_all()

    [event] = AuditEvent.objects.filter(subject_type=SubjectType.FILE)
    assert (event.name, event.source, event.actor) == ("export_made", "schedule", None)
    assert event.subject_label == NAME.format(schedule.pk)
    assert event.detail == (
        f"rows: 1; schedule: {schedule.pk}; days: {FIRST} to {FIRST}; shops: {shop.slug}"
    )


def test_day_is_not_exported_before_three_on_the_day_after(new_schedule: Any) -> None:
    new_schedule()

    assert deliveries_due(AFTER_FIRST - timedelta(seconds=1)) == []
    assert len(deliveries_due(AFTER_FIRST)) == 1


@pytest.mark.parametrize(
    ("frequency", "first", "now", "expected"),
    [
        # Away for days: each of them is exported.
        (
            Frequency.DAILY,
            date(2026, 10, 24),
            datetime(2026, 10, 27, 1, 59, tzinfo=UTC),
            [(date(2026, 10, 24),) * 2, (date(2026, 10, 25),) * 2],
        ),
        (
            Frequency.WEEKLY,
            date(2026, 12, 28),
            datetime(2027, 1, 4, 2, tzinfo=UTC),
            [(date(2026, 12, 28), date(2027, 1, 3))],
        ),
        (
            Frequency.MONTHLY,
            date(2026, 1, 1),
            datetime(2026, 3, 1, 2, tzinfo=UTC),
            [(date(2026, 1, 1), date(2026, 1, 31)), (date(2026, 2, 1), date(2026, 2, 28))],
        ),
    ],
)
def test_periods_are_local_days_weeks_and_months_without_a_gap(
    new_schedule: Any,
    frequency: Frequency,
    first: date,
    now: datetime,
    expected: list[tuple[date, date]],
) -> None:
    schedule = new_schedule(frequency=frequency, next_first=first)

    deliver_all(now)

    assert periods(schedule) == expected


def test_stopped_schedule_exports_nothing_until_it_is_active_again(new_schedule: Any) -> None:
    schedule = new_schedule(is_active=False)
    deliver_all()
    assert periods(schedule) == []

    ExportSchedule.objects.update(is_active=True)
    deliver_all()

    assert periods(schedule) == [(FIRST, FIRST)]


def test_schedule_of_some_shops_leaves_out_the_others(
    new_schedule: Any, shop: Shop, tmp_path: Path
) -> None:
    schedule = new_schedule()
    schedule.shops.add(ShopFactory.create(terminal=shop.terminal))

    deliver_all()

    [file] = (tmp_path / "books").iterdir()
    assert read_csv(file.read_bytes()) == []


def test_failures_are_repeated_after_pauses_that_double(
    new_schedule: Any, settings: Settings
) -> None:
    new_schedule()
    settings.EXPORT_DIR = ""
    pauses = []
    for _ in range(11):
        lapse_leases()
        deliver_all()
        delivery = ExportDelivery.objects.get()
        assert delivery.lease_until is not None
        pauses.append(round((delivery.lease_until - timezone.now()).total_seconds() / 60))

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    assert delivery.last_error == "There is no folder for exports: EXPORT_DIR is not set."


def test_folder_that_a_link_leads_out_of_is_refused(new_schedule: Any, tmp_path: Path) -> None:
    new_schedule()
    (tmp_path / "books").symlink_to(tmp_path.parent)

    deliver_all()

    assert ExportDelivery.objects.get().last_error == (
        "The folder is not below the folder for exports."
    )


def test_folder_that_cannot_be_written_is_a_recorded_failure(
    new_schedule: Any, tmp_path: Path
) -> None:
    new_schedule()
    (tmp_path / "books").write_text("a file in its place")

    deliver_all()

    assert ExportDelivery.objects.get().last_error == (
        "The folder cannot be written (FileExistsError)."
    )


def test_file_that_is_written_gets_its_name_though_the_schedule_has_another_folder_since(
    new_schedule: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_schedule()
    monkeypatch.setattr(deliveries, "rename_part", lambda *_: (_ for _ in ()).throw(OSError))
    deliver_all()
    assert ExportDelivery.objects.get().status == DeliveryStatus.WRITTEN

    monkeypatch.setattr(deliveries, "rename_part", folder.rename_part)
    ExportSchedule.objects.update(folder="other")
    lapse_leases()
    deliver_all()

    assert len(list((tmp_path / "books").glob("receipts*.csv"))) == 1
    assert ExportDelivery.objects.get().status == DeliveryStatus.DELIVERED


def test_each_schedule_has_its_own_periods_and_a_stopped_one_has_none(new_schedule: Any) -> None:
    stopped, first, second = (new_schedule(is_active=number > 0) for number in range(3))

    assert len(deliveries_due(AFTER_FIRST)) == 2

    counts = [each.deliveries.count() for each in (stopped, first, second)]
    assert counts == [0, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_periods_of_a_schedule_that_another_process_adds_are_left_to_it(new_schedule: Any) -> None:
    schedule = new_schedule()

    with held(lambda: ExportSchedule.objects.select_for_update(no_key=True).get(pk=schedule.pk)):
        assert deliveries_due(AFTER_FIRST) == []
    assert len(deliveries_due(AFTER_FIRST)) == 1


def test_delivery_in_progress_is_left_to_its_process(new_schedule: Any) -> None:
    new_schedule()
    [delivery_id] = deliveries_due(AFTER_FIRST)
    ExportDelivery.objects.update(lease_until=timezone.now() + timedelta(minutes=5))

    make_delivery(delivery_id)

    assert ExportDelivery.objects.get().attempts == 0
    assert deliveries_due(AFTER_FIRST) == []


def test_scheduled_task_makes_what_is_due(
    new_schedule: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = new_schedule(next_first=timezone.localdate() - timedelta(days=2))
    monkeypatch.setattr("payments.tasks.enqueue", lambda task, *args, **_options: task(*args))

    deliver_exports()

    assert schedule.deliveries.filter(status=DeliveryStatus.DELIVERED).exists()


class Killed(BaseException):
    """The process is killed."""


@contextmanager
def killed_at_line(number: int) -> Iterator[Callable[[], bool]]:
    """Kill what runs in the block at the n-th line of the modules that deliver.

    Yields a function that returns whether there was such a line.
    """
    files = {deliveries.__file__, folder.__file__}
    left, was_killed = number, False

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left, was_killed
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                was_killed = True
                raise Killed
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: was_killed
    except Killed:
        pass
    finally:
        sys.settrace(before)


@pytest.mark.slow
@pytest.mark.parametrize("is_taken_away", [False, True])
def test_file_appears_once_whichever_line_the_process_is_killed_at(
    new_schedule: Any, tmp_path: Path, is_taken_away: bool
) -> None:
    """Its receiver may move each file away as soon as it sees one."""
    books = tmp_path / "books"
    number, any_line_left = 0, True
    while any_line_left:
        number += 1
        point = transaction.savepoint()
        schedule = new_schedule()
        seen = 0
        for attempt in range(3):
            if attempt == 0:
                with killed_at_line(number) as was_killed:
                    deliver_all()
                any_line_left = was_killed()
            else:
                deliver_all()
            lapse_leases()
            files = [each for each in books.glob("*") if not each.name.startswith(".")]
            if is_taken_away:
                seen += len(files)
                for file in files:
                    assert [row["gross"] for row in read_csv(file.read_bytes())] == ["45.00"]
                    file.unlink()
            else:
                seen = len(files)
        assert seen == 1, f"killed at line {number}"
        assert periods(schedule) == [(FIRST, FIRST)]
        assert [each.name for each in books.iterdir() if each.name.startswith(".")] == []
        for file in books.iterdir():
            file.unlink()
        transaction.savepoint_rollback(point)
        connection.needs_rollback = False
    assert number > 40
