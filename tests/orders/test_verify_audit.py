"""`verify_audit` finds and names what a superuser has changed in the audit."""

import io
import tracemalloc
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from orders.audit_digest import digest_finished_days
from orders.audit_verify import verify_audit
from orders.clock import database_now
from orders.models import AuditDigest
from tests.database_roles import execute_as_owner
from tests.orders.audit_days import FIRST, NIGHT, SECOND, THIRD, add_event

pytestmark = pytest.mark.django_db(transaction=True)

DELETE_EVENT = "DELETE FROM orders_auditevent WHERE id = {}"
DELETE_DIGEST = "DELETE FROM orders_auditdigest WHERE day = '{}'"
UPDATE_DIGEST = "UPDATE orders_auditdigest SET {} WHERE day = '{}'"
ALL_REMOVED = [
    "2026-07-01: 3 removed; the first was at the beginning of the day.",
    "2026-07-03: 4 removed; the first was at the beginning of the day.",
]


def test_untouched_audit_agrees_with_its_digests(digests: list[AuditDigest]) -> None:
    add_event("2026-07-04T01:00:00+02:00")

    result = verify_audit(NIGHT)

    assert result.problems == []
    assert (result.days, result.events, result.later_events) == (3, 7, 1)
    assert result.newest == digests[-1]


def test_long_chain_needs_no_more_memory_than_its_largest_day() -> None:
    marks = bytes(500_000)
    days = (FIRST + timedelta(days=number) for number in range(40))
    for day in days:
        AuditDigest.objects.create(day=day, event_count=125_000, event_marks=marks, digest="0")

    tracemalloc.start()
    try:
        result = verify_audit(NIGHT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert result.days == 40
    assert peak < 8 * len(marks)


# {0} to {6} are the ids of the events.
@pytest.mark.parametrize(
    ("statement", "problems"),
    [
        (
            "UPDATE orders_auditevent SET detail = 'no' WHERE id = {1}",
            ["2026-07-01: event {1} was changed."],
        ),
        (
            "UPDATE orders_auditevent SET result_code = 0 WHERE id = {6}",
            ["2026-07-03: event {6} was changed."],
        ),
        (
            "UPDATE orders_auditevent SET occurred_at = occurred_at + interval '1 us'",
            ["2026-07-01: event {0} was changed.", "2026-07-03: event {3} was changed."],
        ),
        (
            "UPDATE orders_auditevent SET occurred_at = '2026-07-02 12:00:00Z' WHERE id = {0}",
            [
                "2026-07-01: 1 removed; the first was at the beginning of the day.",
                "2026-07-02: 1 added; the first is event {0}.",
            ],
        ),
        (
            "DELETE FROM orders_auditevent WHERE id = {4}",
            ["2026-07-03: 1 removed; the first was after event {3}."],
        ),
        (
            "DELETE FROM orders_auditevent WHERE id >= {5}",
            ["2026-07-03: 2 removed; the first was after event {4}."],
        ),
        ("TRUNCATE orders_auditevent", ALL_REMOVED),
    ],
)
def test_changed_events_are_named(
    events: list[int], digests: list[AuditDigest], statement: str, problems: list[str]
) -> None:
    execute_as_owner(statement.format(*events))

    assert verify_audit(NIGHT).problems == [each.format(*events) for each in problems]


def test_event_added_to_an_earlier_day_is_named(digests: list[AuditDigest]) -> None:
    added = add_event("2026-07-02T12:00:00+02:00")

    assert verify_audit(NIGHT).problems == [f"2026-07-02: 1 added; the first is event {added}."]


def test_event_added_before_the_first_digest_is_found(digests: list[AuditDigest]) -> None:
    add_event("2026-06-30T12:00:00+02:00")

    assert verify_audit(NIGHT).problems == [
        "An event of 2026-06-30 is older than the first digest, of 2026-07-01."
    ]


@pytest.mark.parametrize(
    ("change", "day", "problems"),
    [
        ("digest = repeat('0', 64)", THIRD, ["The digest of 2026-07-03 has been changed."]),
        ("event_count = 5", THIRD, ["The digest of 2026-07-03 has been changed."]),
        ("first_event_id = 0", FIRST, ["The digest of 2026-07-01 has been changed."]),
        ("last_event_id = 0", FIRST, ["The digest of 2026-07-01 has been changed."]),
        (
            "event_marks = 'abcd'",
            SECOND,
            ["2026-07-02: 1 removed; the first was at the beginning of the day."],
        ),
        (
            "digest = repeat('0', 64)",
            FIRST,
            [
                "The digest of 2026-07-01 has been changed.",
                "The digest of 2026-07-02 does not continue the one of 2026-07-01.",
            ],
        ),
        (
            "previous = repeat('0', 64)",
            FIRST,
            [
                "The digests before 2026-07-01 are missing.",
                "The digest of 2026-07-01 has been changed.",
            ],
        ),
        (
            "previous = ''",
            THIRD,
            [
                "The digest of 2026-07-03 does not continue the one of 2026-07-02.",
                "The digest of 2026-07-03 has been changed.",
            ],
        ),
    ],
)
def test_changed_digests_are_named(
    digests: list[AuditDigest], change: str, day: date, problems: list[str]
) -> None:
    execute_as_owner(UPDATE_DIGEST.format(change, day))

    assert verify_audit(NIGHT).problems == problems


@pytest.mark.parametrize(
    ("day", "problems"),
    [
        (
            FIRST,
            [
                "The digests before 2026-07-02 are missing.",
                "An event of 2026-07-01 is older than the first digest, of 2026-07-02.",
            ],
        ),
        (SECOND, ["The digest of 2026-07-02 is missing."]),
    ],
)
def test_removed_digests_are_named(
    digests: list[AuditDigest], day: date, problems: list[str]
) -> None:
    execute_as_owner(DELETE_DIGEST.format(day))

    assert verify_audit(NIGHT).problems == problems


def swap(one: date, other: date) -> list[str]:
    """Return the statements that swap the days of two digests."""
    unused = date(2000, 1, 1)
    moves = ((unused, one), (one, other), (other, unused))
    return [UPDATE_DIGEST.format(f"day = '{new}'", old) for new, old in moves]


def test_swapped_days_are_found(digests: list[AuditDigest]) -> None:
    execute_as_owner(*swap(FIRST, THIRD))

    problems = "\n".join(verify_audit(NIGHT).problems)

    assert "2026-07-01: 1 removed" in problems
    assert "2026-07-03: 1 added" in problems


def test_swapped_days_without_events_are_found() -> None:
    add_event("2026-06-30T12:00:00+02:00")
    digest_finished_days(NIGHT)
    execute_as_owner(*swap(SECOND, THIRD))

    assert verify_audit(NIGHT).problems


def test_digest_that_is_missing_at_the_end_is_found_after_a_day(events: list[int]) -> None:
    digest_finished_days(datetime(2026, 7, 3, 0, 0, tzinfo=UTC))

    soon = verify_audit(datetime(2026, 7, 4, 21, 59, tzinfo=UTC))
    late = verify_audit(datetime(2026, 7, 4, 22, 0, tzinfo=UTC))

    assert soon.problems == []
    assert late.problems == ["There is no digest of 2026-07-03, nor of a later day."]


def test_events_without_any_digest_are_found(events: list[int]) -> None:
    assert verify_audit(NIGHT).problems == ["There is no digest of 2026-07-01, nor of a later day."]


def verified(*options: str) -> str:
    out = io.StringIO()
    call_command("verify_audit", *options, stdout=out)
    return out.getvalue()


def test_command_reports_what_it_verified(events: list[int]) -> None:
    digest_finished_days(database_now())
    newest = AuditDigest.objects.latest("day")

    report = verified()

    assert f"Verified {AuditDigest.objects.count()} days and 7 events" in report
    assert f"up to {newest.day}: {newest.digest}" in report


def test_command_verifies_an_empty_audit() -> None:
    assert "Verified 0 days and 0 events\n" in verified()


def test_command_fails_and_names_what_was_changed(events: list[int]) -> None:
    digest_finished_days(database_now())
    execute_as_owner(DELETE_EVENT.format(events[1]))

    with pytest.raises(CommandError) as caught:
        verified()

    assert caught.value.returncode == 1
    assert f"2026-07-01: 1 removed; the first was after event {events[0]}." in str(caught.value)


def test_command_finds_a_chain_that_was_remade(events: list[int]) -> None:
    digest_finished_days(database_now())
    kept = AuditDigest.objects.get(day=THIRD).digest
    assert verified("--digest", kept)
    execute_as_owner(DELETE_EVENT.format(events[1]), "TRUNCATE orders_auditdigest")
    digest_finished_days(database_now())
    assert verified()

    with pytest.raises(CommandError, match=f"No day has the digest {kept}"):
        verified("--digest", kept)


@pytest.mark.parametrize("digest", ["", "12ab", "G" * 64])
def test_command_refuses_a_malformed_digest(digest: str) -> None:
    with pytest.raises(CommandError, match="is not a digest of 64 hexadecimal digits"):
        verified("--digest", digest)
