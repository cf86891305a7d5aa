"""The doctor's lines about PostgreSQL, with each fault in a real one."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from orders.clock import database_now
from seqrshop.ops.doctor import database as checks
from seqrshop.ops.doctor.check import TIME_LIMIT_SECONDS
from seqrshop.ops.doctor.database import database
from tests.database_roles import as_owner, vacuum
from tests.ops.doctor.results import levels, only


@pytest.fixture(scope="module", autouse=True)
def _vacuumed_tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Remove earlier tests' deleted rows, which the doctor would find in any number."""
    with django_db_blocker.unblock():
        vacuum()


def test_database_in_order_has_only_ok_lines(db: None) -> None:
    assert levels(database()) == {
        "database": "ok",
        "clock of PostgreSQL": "ok",
        "migrations": "ok",
        "database role": "ok",
        "connections": "ok",
        "deadlocks": "ok",
        "bloat": "ok",
    }


def test_migration_that_is_not_applied_is_named_and_ends_the_check(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

    found = list(database())

    finding = only(found)
    assert (finding.level, finding.subject) == ("failed", "migrations")
    assert finding.message == "1 migration not applied, from sessions 0001_initial on."
    assert "manage.py migrate" in finding.advice
    assert "database role" not in levels(found)


def test_migration_of_a_later_version_is_a_warning(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('orders', '9999_later', now())"
        )

    finding = only(database())

    assert (finding.level, finding.subject) == ("warning", "migrations")
    assert "does not know" in finding.message


def test_role_that_owns_the_tables_fails(transactional_db: None) -> None:
    with as_owner():
        finding = only(database())

    assert (finding.level, finding.subject) == ("failed", "database role")
    assert " owns " in finding.message
    assert "MIGRATION_DATABASE_URL" in finding.advice


def test_role_that_may_change_the_audit_fails(transactional_db: None) -> None:
    role = connection.settings_dict["USER"]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f'GRANT UPDATE ON orders_auditevent TO "{role}"')
    try:
        finding = only(database())
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(f'REVOKE UPDATE ON orders_auditevent FROM "{role}"')

    assert finding.message == f"The role {role} of DATABASE_URL may change the audit."


@pytest.mark.parametrize(
    ("ahead", "level", "direction"),
    [(3, "warning", "ahead of"), (-3, "warning", "behind"), (60, "failed", "ahead of")],
)
def test_clock_of_postgresql_that_differs_is_reported(
    db: None, monkeypatch: pytest.MonkeyPatch, ahead: int, level: str, direction: str
) -> None:
    def skewed() -> datetime:
        return database_now() + timedelta(seconds=ahead)

    monkeypatch.setattr(checks, "database_now", skewed)

    finding = only(database())

    assert (finding.level, finding.subject) == (level, "clock of PostgreSQL")
    assert finding.message == f"It is {abs(ahead)} seconds {direction} this machine's."
    assert "NTP" in finding.advice


def test_deadlocks_and_bloat_and_used_connections_are_warnings(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "_DEADLOCKS", "SELECT 2, timestamptz '2026-11-01'")
    monkeypatch.setattr(
        checks, "_OLD_VERSIONS", "SELECT 'payments_invoice', 90000 WHERE %s > 0 AND %s > 0"
    )
    monkeypatch.setattr(checks, "_CONNECTIONS", "SELECT 90, 100")

    found = [each for each in database() if each.level == "warning"]

    assert [(each.subject, each.message) for each in found] == [
        ("connections", "90 of 100 are open."),
        ("deadlocks", "2 deadlocks since 2026-11-01."),
        ("bloat", "Old versions of rows have piled up in payments_invoice (90,000)."),
    ]


@pytest.fixture
def postgresql_port(transactional_db: None) -> str:
    """The port of the real PostgreSQL; to be requested before the one that takes it away."""
    return str(connection.settings_dict["PORT"])


def test_postgresql_that_is_away_is_one_failure_without_its_password(
    postgresql_down: None,
) -> None:
    (finding,) = database()

    assert finding.level == "failed"
    assert finding.message.startswith("PostgreSQL is unavailable")
    assert connection.settings_dict["PASSWORD"] not in f"{finding.message}{finding.advice}"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"PASSWORD": "wrong-secret"}, "PostgreSQL refuses the role or the password"),
        ({"NAME": "no_such_database"}, "PostgreSQL has no role or no database of the name"),
    ],
)
def test_address_that_postgresql_refuses_is_named_without_its_password(
    postgresql_port: str, postgresql_down: None, changed: dict[str, str], message: str
) -> None:
    connection.settings_dict.update({"PORT": postgresql_port, **changed})

    (finding,) = database()

    assert message in finding.message
    assert "DATABASE_URL" in finding.advice
    assert "wrong-secret" not in f"{finding}"


@pytest.fixture
def postgresql_silent(postgresql_down: None) -> Iterator[None]:
    """PostgreSQL accepts connections, and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection.settings_dict["PORT"] = str(server.getsockname()[1])
        yield
        connection.close()


def test_postgresql_that_answers_nothing_fails_within_the_limit(postgresql_silent: None) -> None:
    began_at = time.monotonic()

    (finding,) = database()

    assert finding.level == "failed"
    assert time.monotonic() - began_at < TIME_LIMIT_SECONDS


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (
            "FATAL:  the database system is starting up",
            "PostgreSQL is starting, or recovers after a crash.",
        ),
        (
            "FATAL:  sorry, too many clients already",
            "All connections of PostgreSQL are taken.",
        ),
        (
            "FATAL:  remaining connection slots are reserved",
            "All connections of PostgreSQL are taken.",
        ),
    ],
)
def test_refusal_of_a_server_that_runs_is_explained(
    postgresql_down: None, monkeypatch: pytest.MonkeyPatch, refusal: str, message: str
) -> None:
    def refuse(_connection: object) -> None:
        raise psycopg.OperationalError(refusal)

    monkeypatch.setattr(checks, "connect_outside_pool", refuse)

    (finding,) = database()

    assert finding.message == message
