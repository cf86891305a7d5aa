"""`migrate` runs as the owner of the tables, and grants the application's role its access."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from seqrshop.local import ROOT
from tests.database_roles import make_database

pytestmark = pytest.mark.slow


@contextmanager
def new_database(name: str) -> Iterator[dict[str, str]]:
    """Make an empty database; yield its addresses for the application and for the owner."""
    yield make_database(name, beside=os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
        owner.execute(f"DROP ROLE {name}_application")


@pytest.fixture
def database(worker_id: str) -> Iterator[dict[str, str]]:
    """The addresses of an empty database, for the application and for the owner."""
    with new_database(f"unmigrated_{worker_id}") as addresses:
        yield addresses


@pytest.fixture(scope="module")
def migrated_database(worker_id: str) -> Iterator[dict[str, str]]:
    """The addresses of a database that is migrated once; a test relies on what it sets itself."""
    with new_database(f"migrated_{worker_id}") as addresses:
        assert migrate(**addresses).returncode == 0
        yield addresses


def migrate(*options: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0", *options],
        cwd=ROOT,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
    )


def tables_granted(database: Mapping[str, str], privilege: str) -> set[str]:
    """Return the tables for which the application's role has the privilege."""
    with psycopg.connect(database["DATABASE_URL"]) as application:
        rows = application.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
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


def test_owner_migrates_and_application_gets_rows_but_no_table(database: dict[str, str]) -> None:
    first, again = migrate(**database), migrate(**database)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
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


def test_role_that_does_not_exist_is_named(database: dict[str, str]) -> None:
    unknown = database["DATABASE_URL"].replace(role_of(database), "nobody_at_all")

    refused = migrate(**database | {"DATABASE_URL": unknown})

    assert refused.returncode == 1
    assert "The role nobody_at_all of DATABASE_URL does not exist." in refused.stderr
    assert "Traceback" not in refused.stderr


def test_terminal_of_the_settings_is_stored_once_all_apps_are_migrated(
    database: dict[str, str],
) -> None:
    migrate("payments", **database)
    after_one_app = terminals(database)

    done = migrate(**database), migrate(**database)

    assert [each.returncode for each in done] == [0, 0], done[0].stderr + done[1].stderr
    assert after_one_app == []
    assert terminals(database) == [("public_test_shop_terminal", True)]


def test_terminal_is_not_stored_where_nothing_is_migrated(
    migrated_database: dict[str, str],
) -> None:
    with psycopg.connect(migrated_database["DATABASE_URL"]) as application:
        application.execute("DELETE FROM orders_terminal")

    done = [migrate(option, **migrated_database) for option in ("--plan", "--check", "--fake")]

    assert [each.returncode for each in done] == [0, 0, 0]
    assert terminals(migrated_database) == []


def test_database_is_migrated_without_a_terminal_in_the_settings(
    database: dict[str, str],
) -> None:
    without = dict.fromkeys(
        (
            "SEQR_TERMINAL_ID",
            "SEQR_TERMINAL_PASSWORD",
            "SEQR_RESELLER_ID",
            "SEQR_RESELLER_PASSWORD",
        ),
        "",
    )

    done = migrate(**database, **without)

    assert done.returncode == 0, done.stderr
    assert terminals(database) == []


def terminals(database: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Return the terminals: their IDs at SEQR, and whether the settings name them."""
    with psycopg.connect(database["DATABASE_URL"]) as application:
        return application.execute(
            "SELECT principal_id, is_from_settings FROM orders_terminal ORDER BY id"
        ).fetchall()


def role_of(database: Mapping[str, str]) -> str:
    return urlsplit(database["DATABASE_URL"]).username or ""
