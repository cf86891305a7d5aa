"""`migrate` runs as the owner of the tables, and grants the application's role its access."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tests.database_roles import dropped_afterwards, make_database
from tests.forked_programs import run_forked
from tests.migrated_database import TERMINAL_SETTINGS, copied_for_a_test

pytestmark = pytest.mark.slow


@pytest.fixture
def database(worker_id: str) -> Iterator[dict[str, str]]:
    """The addresses of an empty database, for the application and for the owner."""
    name = f"unmigrated_{worker_id}"
    with dropped_afterwards(name):
        yield make_database(name, beside=os.environ["DATABASE_URL"])


@pytest.fixture(scope="module")
def migrated_database(worker_id: str) -> Iterator[dict[str, str]]:
    """The addresses of a migrated database; a test relies on what it sets itself."""
    name = f"migrated_{worker_id}"
    with copied_for_a_test(name) as addresses:
        assert migrate(**addresses).returncode == 0  # grants the role its access
        yield addresses


def migrate(*options: str, **given: str) -> subprocess.CompletedProcess[str]:
    command = ["python", "manage.py", "migrate", "--verbosity=0", *options]
    return run_forked(command, {**os.environ, **given})


def tables_granted(database: Mapping[str, str], privilege: str) -> set[str]:
    """Return the tables for which the application's role has the privilege."""
    with psycopg.connect(database["DATABASE_URL"]) as application:
        rows = application.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace = 'public'::regnamespace AND has_table_privilege(oid, %s)",
            [privilege],
        ).fetchall()
    return {row[0] for row in rows}


def owners(database: Mapping[str, str]) -> set[str]:
    with psycopg.connect(database["DATABASE_URL"]) as application:
        rows = application.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
    return {row[0] for row in rows}


@pytest.fixture
def without_terminal(worker_id: str) -> Iterator[dict[str, str]]:
    """The addresses of a database that was migrated from empty without a terminal."""
    name = f"without_terminal_{worker_id}"
    with copied_for_a_test(name) as addresses:
        yield addresses


def test_owner_migrates_without_a_terminal_and_application_gets_rows_but_no_table(
    without_terminal: dict[str, str],
) -> None:
    database = without_terminal

    done = migrate(**database, **dict.fromkeys(TERMINAL_SETTINGS, ""))

    assert done.returncode == 0, done.stderr
    assert terminals(database) == []
    assert owners(database) == {urlsplit(database["MIGRATION_DATABASE_URL"]).username}
    tables = tables_granted(database, "SELECT")
    assert {"orders_auditevent", "orders_order", "django_session"} <= tables
    assert tables_granted(database, "INSERT") == tables
    audit = {name for name in tables if name.startswith("orders_audit")}
    assert tables_granted(database, "UPDATE") == tables - audit
    assert tables_granted(database, "DELETE") == tables - audit
    for privilege in ("TRUNCATE", "REFERENCES", "TRIGGER"):
        assert tables_granted(database, privilege) == set()


def test_application_role_alone_migrates_nothing_in_another_owners_database(
    migrated_database: dict[str, str],
) -> None:

    with (
        psycopg.connect(migrated_database["DATABASE_URL"]) as application,
        pytest.raises(InsufficientPrivilege),
    ):
        application.execute("CREATE TABLE mine (id integer)")


def test_second_role_gets_what_the_application_needs_and_the_first_one_keeps_it(
    migrated_database: dict[str, str],
) -> None:
    """So a password of PostgreSQL is replaced while the shop runs (docs/keys.md)."""
    first = role_of(migrated_database)
    owner_url, password = migrated_database["MIGRATION_DATABASE_URL"], "of-the-second-role"
    address = urlsplit(owner_url)
    second = f"postgresql://{first}_2:{password}@{address.hostname}:{address.port}{address.path}"
    by_second = migrated_database | {"DATABASE_URL": second}
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {first}_2 LOGIN PASSWORD '{password}'".encode())
        granted = migrate(**by_second)
        both = [tables_granted(each, "INSERT") for each in (migrated_database, by_second)]
        owner.execute(f"DROP OWNED BY {first}_2; DROP ROLE {first}_2".encode())

    assert granted.returncode == 0, granted.stderr
    assert both[0] == both[1] != set()
    assert tables_granted(migrated_database, "INSERT") == both[0]


def test_plan_grants_nothing(migrated_database: dict[str, str]) -> None:
    with psycopg.connect(migrated_database["MIGRATION_DATABASE_URL"]) as owner:
        owner.execute("REVOKE ALL ON orders_order FROM PUBLIC, " + role_of(migrated_database))

    planned = migrate("--plan", **migrated_database)

    assert planned.returncode == 0
    assert "orders_order" not in tables_granted(migrated_database, "SELECT")


def test_owner_of_another_database_is_refused(database: dict[str, str]) -> None:
    other = os.environ["DATABASE_URL"]

    refused = migrate(**database | {"MIGRATION_DATABASE_URL": other})

    assert refused.returncode == 1
    assert "MIGRATION_DATABASE_URL and DATABASE_URL name two databases." in refused.stderr
    assert "Traceback" not in refused.stderr
    assert owners(database) == set()


def test_role_that_does_not_exist_is_named(migrated_database: dict[str, str]) -> None:
    unknown = migrated_database["DATABASE_URL"].replace(role_of(migrated_database), "nobody_at_all")

    refused = migrate(**migrated_database | {"DATABASE_URL": unknown})

    assert refused.returncode == 1
    assert "The role nobody_at_all of DATABASE_URL does not exist." in refused.stderr
    assert "Traceback" not in refused.stderr


def test_terminal_of_the_settings_is_stored_once_all_apps_are_migrated(
    migrated_database: dict[str, str],
) -> None:
    delete_terminals(migrated_database)
    one_app = migrate("payments", **migrated_database)
    after_one_app = terminals(migrated_database)

    twice = [migrate(**migrated_database) for _ in range(2)]

    assert [done.returncode for done in (one_app, *twice)] == [0, 0, 0], twice[-1].stderr
    assert after_one_app == []
    assert terminals(migrated_database) == [("public_test_shop_terminal", True)]


def test_terminal_is_not_stored_where_nothing_is_migrated(
    migrated_database: dict[str, str],
) -> None:
    delete_terminals(migrated_database)

    done = [migrate(option, **migrated_database) for option in ("--plan", "--check", "--fake")]

    assert [each.returncode for each in done] == [0, 0, 0], done[-1].stderr
    assert terminals(migrated_database) == []


def terminals(database: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Return the terminals: their IDs at SEQR, and whether the settings name them."""
    with psycopg.connect(database["MIGRATION_DATABASE_URL"]) as owner:
        return owner.execute(
            "SELECT principal_id, is_from_settings FROM orders_terminal ORDER BY id"
        ).fetchall()


def delete_terminals(database: Mapping[str, str]) -> None:
    with psycopg.connect(database["MIGRATION_DATABASE_URL"]) as owner:
        owner.execute("DELETE FROM orders_terminal")


def role_of(database: Mapping[str, str]) -> str:
    return urlsplit(database["DATABASE_URL"]).username or ""
