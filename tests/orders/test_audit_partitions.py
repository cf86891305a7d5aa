"""The audit's events are in monthly partitions: protected, made ahead, and removed as a whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from psycopg import sql

from orders.audit import ChangeSource
from orders.audit_digest import digest_finished_days
from orders.audit_partitions import (
    MONTHS_AHEAD,
    AuditPartition,
    audit_partitions,
    make_audit_partitions,
)
from orders.audit_prune import CannotPrune, prunable_before, prune_audit
from orders.audit_verify import verify_audit
from orders.management.commands import prune_audit as prune_command
from orders.models import AuditDigest, AuditEvent, AuditPruning, EventName, SourceName
from tests.database_roles import as_owner, execute_as_owner, owner_url
from tests.orders.audit_days import add_event

pytestmark = pytest.mark.django_db(transaction=True)

BY_OPERATOR = ChangeSource(SourceName.OPERATOR)
FIRST = "orders_auditevent_first"
DEFAULT = "orders_auditevent_default"
RECORD_LATER = "UPDATE orders_auditevent SET occurred_at = '{}' WHERE name = 'audit_pruned'"


def tables() -> list[str]:
    """Return the tables of the partitions."""
    return [each.table for each in audit_partitions()]


def partition_of(event_id: int) -> str:
    """Return the table that an event is in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM orders_auditevent WHERE id = %s", [event_id]
        )
        return str(cursor.fetchone()[0])


def after_first_partition() -> date:
    """Return the first day that is not in the first partition."""
    [first] = [each for each in audit_partitions() if each.table == FIRST]
    assert first.ends is not None
    return first.ends


@pytest.fixture
def _first_partition_is_made_anew() -> Iterator[None]:
    """Make the first partition again, which the test removes."""
    ends = after_first_partition()
    yield
    if FIRST in tables():
        return
    execute_as_owner("DELETE FROM orders_auditevent")
    bounds = f"FOR VALUES FROM (MINVALUE) TO ('{ends} 00:00 Europe/Stockholm')"
    with psycopg.connect(owner_url()) as owner:
        owner.execute("SELECT add_audit_partition(%s, %s)", [FIRST, bounds])


def test_each_month_of_the_next_year_has_a_partition() -> None:
    first, *months, default = audit_partitions()

    assert (first.table, first.begins) == (FIRST, None)
    assert default == AuditPartition(DEFAULT, None, None)
    begins = first.ends
    for month in months:
        assert month.begins == begins
        assert month.begins
        assert month.ends
        assert month.begins.day == month.ends.day == 1
        assert month.table == f"orders_auditevent_{month.begins:%Y_%m}"
        begins = month.ends
    assert len(months) >= MONTHS_AHEAD - 2


def test_event_is_stored_in_the_partition_of_its_day_in_stockholm() -> None:
    _, january, february, *_ = audit_partitions()
    assert january.begins
    assert february.begins

    ids = [
        add_event(f"{january.begins}T00:00:00+01:00"),
        add_event(f"{february.begins}T00:00:00+01:00"),
        add_event("2026-01-05T12:00:00+01:00"),
        add_event("2099-01-01T00:00:00+01:00"),
    ]

    assert [partition_of(pk) for pk in ids] == [january.table, february.table, FIRST, DEFAULT]
    assert AuditEvent.objects.count() == 4
    assert sorted(ids) == ids


@pytest.mark.parametrize("months", [0, 3, 12])
def test_application_role_has_missing_partitions_made(months: int) -> None:
    made = [each.table for each in audit_partitions() if each.begins][-3:]
    for table in reversed(made):
        execute_as_owner(f"DROP TABLE {table}")

    with connection.cursor() as cursor:
        cursor.execute("SELECT make_audit_partitions(%s)", [months])

    if months == 12:
        assert set(made) <= set(tables())
    else:
        assert not set(made) & set(tables())
        assert make_audit_partitions() == 3
    assert make_audit_partitions() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET detail = 'x'",
        "DELETE FROM {}",
        "TRUNCATE {}",
    ],
)
def test_every_partition_refuses_a_change_also_by_the_owner(statement: str) -> None:
    names = tables()
    for each in audit_partitions():
        add_event(f"{each.begins or date(2026, 1, 5)}T12:00:00+01:00")
    add_event("2099-01-01T00:00:00+01:00")

    for table in [*names, "orders_auditevent"]:
        with psycopg.connect(owner_url()) as owner:
            has_rows = owner.execute(
                sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))
            ).fetchone()
            assert has_rows == (True,)
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                owner.execute(statement.format(table).encode())


def test_application_role_reaches_no_partition_but_through_its_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = oid"
            " WHERE inhparent = 'orders_auditevent'::regclass AND has_table_privilege("
            "oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')"
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT has_function_privilege('add_audit_partition(text, text)', 'EXECUTE')"
        )
        assert cursor.fetchone() == (False,)


def test_event_of_an_unknown_order_is_refused_in_each_partition() -> None:
    partitions = audit_partitions()
    for each in partitions:
        day = each.begins or (date(2026, 1, 5) if each.ends else date(2099, 1, 1))
        event = AuditEvent.objects.get(pk=add_event(f"{day}T12:00:00+01:00"))
        assert partition_of(event.pk) == each.table
        event.pk, event.order_id = None, 987654321
        with pytest.raises(DatabaseError, match="foreign key"):
            event.save(force_insert=True)


def digests_until_the_first_partition_ends() -> datetime:
    """Store events of two days, and the digests of all days of the first partition; return when."""
    for moment in ("2026-11-02T10:00:00+01:00", "2026-11-02T11:00:00+01:00"):
        add_event(moment)
    add_event("2026-11-04T10:00:00+01:00")
    ends = after_first_partition()
    add_event(f"{ends}T10:00:00+01:00")
    now = datetime(ends.year, ends.month, 3, 12, tzinfo=UTC)
    digest_finished_days(now)
    return now


def prune(ends: date) -> AuditPruning:
    """Remove the first partition, as if its days were long ago: the removal is recorded later."""
    with as_owner():
        [removed] = prune_audit(ends, BY_OPERATOR)
    later = ends + timedelta(days=9)
    execute_as_owner(RECORD_LATER.format(later))
    return removed


@pytest.mark.usefixtures("_first_partition_is_made_anew")
def test_removed_days_are_proved_by_their_digests_and_the_rest_by_its_events() -> None:
    now = digests_until_the_first_partition_ends()
    ends = after_first_partition()

    removed = prune(ends)

    assert (removed.first_day, removed.event_count) == (date(2026, 11, 2), 3)
    assert FIRST not in tables()
    assert (
        AuditEvent.objects.filter(occurred_at__lt=now).exclude(name=EventName.AUDIT_PRUNED).count()
        == 1
    )
    result = verify_audit(now)
    assert result.problems == []
    assert (result.pruned_events, result.events) == (3, 1)
    assert result.pruned_days == (ends - date(2026, 11, 2)).days
    event = AuditEvent.objects.get(name=EventName.AUDIT_PRUNED)
    assert (event.source, event.order_id) == ("operator", None)
    assert removed.digest in event.detail

    output = io.StringIO()
    call_command("verify_audit", stdout=output)
    assert f"Removed before: {result.pruned_days} days and 3 events" in output.getvalue()


@pytest.mark.usefixtures("_first_partition_is_made_anew")
@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM orders_auditpruning", "removed; the first was"),
        ("UPDATE orders_auditpruning SET event_count = 2", "differs from the digests"),
        ("UPDATE orders_auditpruning SET first_day = first_day + 1", "does not follow"),
        ("UPDATE orders_auditdigest SET digest = 'x' WHERE day = '2026-11-03'", "continue"),
        ("UPDATE orders_auditevent SET detail = 'x' WHERE name = 'audit_pruned'", "not in the"),
    ],
)
def test_falsified_removal_is_found(statement: str, problem: str) -> None:
    now = digests_until_the_first_partition_ends()
    prune(after_first_partition())

    execute_as_owner(statement)

    assert any(problem in each for each in verify_audit(now).problems)


def test_days_without_or_unlike_their_digests_are_not_removed() -> None:
    add_event("2026-11-02T10:00:00+01:00")
    ends = after_first_partition()
    with as_owner(), pytest.raises(CannotPrune, match="no digest"):
        prune_audit(ends, BY_OPERATOR)
    digest_finished_days(datetime(ends.year, ends.month, 3, 12, tzinfo=UTC))
    execute_as_owner("UPDATE orders_auditevent SET detail = 'x'")

    with as_owner(), pytest.raises(CannotPrune, match="run verify_audit"):
        prune_audit(ends, BY_OPERATOR)

    assert FIRST in tables()
    assert (AuditEvent.objects.count(), AuditPruning.objects.count()) == (1, 0)


def test_days_whose_digests_end_too_early_are_not_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    digests_until_the_first_partition_ends()
    ends = after_first_partition()
    monkeypatch.setattr(prune_command, "prunable_before", lambda _day: ends)
    execute_as_owner("DELETE FROM orders_auditdigest WHERE day > '2026-11-03'")

    with as_owner(), pytest.raises(CannotPrune, match=r"There is no digest of 2026-11-04\."):
        prune_audit(ends, BY_OPERATOR)
    with pytest.raises(CommandError, match=r"^There is no digest of 2026-11-04\.$"):
        call_command("prune_audit", "--before", str(ends))

    assert FIRST in tables()
    assert AuditPruning.objects.count() == 0


def test_events_that_are_in_no_digest_are_not_removed() -> None:
    digests_until_the_first_partition_ends()
    execute_as_owner("DELETE FROM orders_auditdigest WHERE day = '2026-11-02'")

    with as_owner(), pytest.raises(CannotPrune, match=f'"{FIRST}" has other events than the dig'):
        prune_audit(after_first_partition(), BY_OPERATOR)

    assert FIRST in tables()
    assert AuditPruning.objects.count() == 0


def test_application_role_removes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    digests_until_the_first_partition_ends()
    ends = after_first_partition()
    monkeypatch.setattr(prune_command, "prunable_before", lambda _day: ends)

    with pytest.raises(DatabaseError, match="must be owner"):
        prune_audit(ends, BY_OPERATOR)
    with pytest.raises(CommandError, match=r"^Nothing more was removed: must be owner of table "):
        call_command("prune_audit", "--before", str(ends))

    assert FIRST in tables()
    assert AuditPruning.objects.count() == 0


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 12, 31)])
def test_events_are_kept_for_seven_years_from_the_end_of_their_year(today: date) -> None:
    assert prunable_before(today) == date(2019, 1, 1)


def test_command_refuses_events_that_the_law_requires_and_reports_nothing_to_remove() -> None:
    with pytest.raises(CommandError, match="seven years"):
        call_command("prune_audit", "--before", "2026-01-01")
    with pytest.raises(CommandError, match="not a day"):
        call_command("prune_audit", "--before", "yesterday")
    output = io.StringIO()

    call_command("prune_audit", "--before", "2019-01-01", stdout=output)

    assert "Nothing was removed" in output.getvalue()
    assert AuditDigest.objects.count() == 0
