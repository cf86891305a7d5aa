"""Each day of the audit gets a digest, chained to the one of the day before."""

import logging
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from orders import audit_digest
from orders.audit import record_event
from orders.audit_digest import COLUMNS, compute_digest, digest_finished_days
from orders.audit_verify import verify_audit
from orders.clock import database_now
from orders.models import AuditDigest, AuditEvent, EventName
from payments import tasks
from tests.database_roles import application_url
from tests.factories import OrderFactory
from tests.orders.audit_days import BY_TEST, FIRST, FOURTH, NIGHT, SECOND, THIRD, add_event
from tests.races import run_concurrently

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_finished_day_gets_a_digest_of_its_events_and_the_day_before(
    events: list[int], digests: list[AuditDigest]
) -> None:
    first, second, third = AuditDigest.objects.all()

    assert digests == [first, second, third]
    assert [each.day for each in digests] == [FIRST, SECOND, THIRD]
    assert [each.event_count for each in digests] == [3, 0, 4]
    assert (first.first_event_id, first.last_event_id) == (events[0], events[2])
    assert (second.first_event_id, second.last_event_id) == (None, None)
    assert [each.previous for each in digests] == ["", first.digest, second.digest]
    assert len({each.digest for each in digests}) == 3


def test_digest_holds_every_column_of_an_event() -> None:
    assert set(COLUMNS) == {field.attname for field in AuditEvent._meta.concrete_fields}


def test_days_are_those_of_stockholm() -> None:
    late = add_event("2026-07-01T21:59:59.999999+00:00")
    early = add_event("2026-07-01T22:00:00+00:00")

    first, second, _third = digest_finished_days(NIGHT)

    assert (first.day, first.last_event_id) == (FIRST, late)
    assert (second.day, second.first_event_id) == (SECOND, early)


def test_day_gets_its_digest_once_it_has_ended(events: list[int]) -> None:
    before_midnight = digest_finished_days(datetime(2026, 7, 3, 21, 59, 59, tzinfo=UTC))
    at_midnight = digest_finished_days(datetime(2026, 7, 3, 22, 0, tzinfo=UTC))
    again = digest_finished_days(datetime(2026, 7, 3, 22, 0, tzinfo=UTC))

    assert [each.day for each in before_midnight] == [FIRST, SECOND]
    assert [each.day for each in at_midnight] == [THIRD]
    assert again == []


def test_missed_nights_are_caught_up_by_the_next(events: list[int]) -> None:
    digest_finished_days(datetime(2026, 7, 2, 0, 0, tzinfo=UTC))

    later = digest_finished_days(datetime(2026, 7, 6, 0, 0, tzinfo=UTC))

    assert [each.day for each in later] == [SECOND, THIRD, FOURTH, date(2026, 7, 5)]


def test_audit_without_events_has_no_digest() -> None:
    assert digest_finished_days(NIGHT) == []


def test_day_waits_for_a_transaction_that_began_in_it() -> None:
    tomorrow = database_now() + timedelta(days=1)
    order = OrderFactory.create()
    record_event(order, EventName.ORDER_CREATED, BY_TEST)
    with psycopg.connect(application_url()) as slow:
        slow.execute("SELECT")  # its transaction has begun, and has written nothing yet
        assert digest_finished_days(tomorrow) == []
        slow.execute(
            "INSERT INTO orders_auditevent (subject_type, subject_label, name, from_state,"
            " to_state, source, detail) VALUES ('order', '1', 'order_served', '', '', 'staff', '')"
        )

    (digest,) = digest_finished_days(tomorrow)

    assert digest.event_count == 2
    assert verify_audit(tomorrow).problems == []


def test_two_workers_make_one_digest_of_each_day(events: list[int]) -> None:
    made = run_concurrently(4, lambda: digest_finished_days(NIGHT))

    assert AuditDigest.objects.count() == 3
    assert sum(len(each) for each in made) == 3
    assert verify_audit(NIGHT).problems == []


def test_digest_is_logged_so_that_it_leaves_the_machine(
    events: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "orders.audit_digest"):
        first, *_ = digest_finished_days(NIGHT)

    assert caplog.messages[0] == f"audit of 2026-07-01: 3 events, digest {first.digest}"


def test_task_makes_the_digests(events: list[int]) -> None:
    tasks.digest_audit()

    assert AuditDigest.objects.filter(day__in=(FIRST, SECOND, THIRD)).count() == 3


def test_long_day_is_read_in_batches(events: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compute_digest(THIRD, "").digest
    monkeypatch.setattr(audit_digest, "READ_BATCH_SIZE", 3)

    assert compute_digest(THIRD, "").digest == whole


def test_days_without_events_have_different_digests() -> None:
    assert compute_digest(FIRST, "").digest != compute_digest(SECOND, "").digest
