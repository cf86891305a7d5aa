"""The roles of the tests' database.

The tests use it as the application does: as a role that owns no table. The owner is a superuser,
and empties the tables between tests. Its address is MIGRATION_DATABASE_URL where processes of the
shop run beside the test, and DATABASE_URL in pytest, which creates the database with it.
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.errors import DeadlockDetected

from orders.database_roles import grant_application_access, reconnect

ATTEMPTS = 5
VACUUM_SECONDS = 60
# Django fills them when it migrates, and no test changes them.
FILLED_TABLES = {"auth_permission", "django_content_type"}
Connection: TypeAlias = "psycopg.Connection[tuple[object, ...]]"

# The lock waits for those who write, as TRUNCATE does; DELETE alone would miss their rows. Most
# tables are empty after most tests, and TRUNCATE makes a file for each table and index.
_EMPTY_TABLES = sql.SQL("""
CREATE FUNCTION pg_temp.empty_tables() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE {tables} IN EXCLUSIVE MODE;
    {deletions}
END $$
""")
_DELETION = sql.SQL("IF EXISTS (SELECT FROM {table}) THEN DELETE FROM {table}; END IF;")


def owner_url() -> str:
    """Return the address of the tests' database for the owner of its tables."""
    return _address_of_database(_owner().netloc)


def application_url() -> str:
    """Return the address of the tests' database for the application's role."""
    settings = connection.settings_dict
    user, password = quote(settings["USER"]), quote(settings["PASSWORD"])
    return _address_of_database(f"{user}:{password}@{settings['HOST']}:{settings['PORT']}")


def execute_as_owner(*statements: str) -> None:
    """Execute statements in one transaction, as the owner and without any trigger.

    Repeats the transaction when a web process reads tables in another order meanwhile.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with psycopg.connect(owner_url()) as owner:
                owner.execute("SET LOCAL session_replication_role = replica")
                for statement in statements:
                    owner.execute(statement.encode())
        except DeadlockDetected:
            if attempt == ATTEMPTS:
                raise
        else:
            return


# Only an owner may analyse a table, and only the transaction that has inserted rows sees them.
_ANALYSIS = sql.SQL("""
CREATE OR REPLACE FUNCTION public.analyze_for_tests(names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY names LOOP
        EXECUTE format('ANALYZE %I', name);
    END LOOP;
END $$
""")


def let_tests_analyze() -> None:
    """Make the function that `analyze` calls, as the owner."""
    with psycopg.connect(owner_url()) as owner:
        owner.execute(_ANALYSIS)


def analyze(*tables: str) -> None:
    """Let PostgreSQL gather statistics of tables, with the rows of the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.analyze_for_tests(%s)", [list(tables)])


def vacuum() -> None:
    """Remove what earlier tests have deleted or rolled back from all tables and their indexes.

    PostgreSQL keeps it while it gathers statistics of its own accord; then once more. Raises
    TimeoutError.
    """
    deadline = time.monotonic() + VACUUM_SECONDS
    with psycopg.connect(owner_url(), autocommit=True) as owner:
        while time.monotonic() < deadline:
            owner.execute("VACUUM (ANALYZE, INDEX_CLEANUP ON)")
            left = owner.execute("SELECT sum(n_dead_tup) FROM pg_stat_user_tables").fetchone()
            if left == (0,):
                return
    raise TimeoutError(f"{left} deleted rows are left")


class TableCleaner:
    """Empties the tables over one connection, which keeps the plans of its statements."""

    def __init__(self) -> None:
        self._owner: Connection | None = None

    def empty_tables(self) -> None:
        """Delete all rows but those of FILLED_TABLES, as the owner.

        Repeats it when a web process reads tables in another order meanwhile.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._connected().execute("SELECT pg_temp.empty_tables()")
            except DeadlockDetected:
                if attempt == ATTEMPTS:
                    raise
            else:
                return

    def close(self) -> None:
        """Close the connection."""
        if self._owner is not None:
            self._owner.close()

    def _connected(self) -> Connection:
        if self._owner is None or self._owner.closed:
            self._owner = psycopg.connect(owner_url(), autocommit=True)
            self._owner.execute("SET session_replication_role = replica")  # without triggers
            self._owner.execute(_function_that_empties_tables())
        return self._owner


TABLE_CLEANER = TableCleaner()  # of the tests' database


def _function_that_empties_tables() -> sql.Composed:
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = [sql.Identifier(name) for name in sorted(set(found) - FILLED_TABLES)]
    return _EMPTY_TABLES.format(
        tables=sql.SQL(", ").join(tables),
        deletions=sql.SQL("\n    ").join(_DELETION.format(table=table) for table in tables),
    )


@contextmanager
def as_owner() -> Iterator[None]:
    """Connect as the owner while the block runs; no transaction may be open."""
    owner, settings = _owner(), connection.settings_dict
    application = {"USER": settings["USER"], "PASSWORD": settings["PASSWORD"]}
    reconnect({"USER": owner.username or "", "PASSWORD": owner.password or ""})
    try:
        yield
    finally:
        reconnect(application)


def become_application_role() -> None:
    """Create the application's role, one for each database, and connect as it."""
    role = f"{connection.settings_dict['NAME']}_application"
    with psycopg.connect(owner_url(), autocommit=True) as owner:
        password = create_application_role(owner, role)
    grant_application_access(role)
    reconnect({"USER": role, "PASSWORD": password})


def create_application_role(owner: Connection, role: str) -> str:
    """Create a role that may connect and nothing else; return its password."""
    password = secrets.token_urlsafe(24)
    drop_role(owner, role)
    create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    owner.execute(create.format(sql.Identifier(role), password))
    return password


def drop_role(owner: Connection, role: str) -> None:
    """Drop a role, and its rights in the database of the connection, if it exists."""
    if owner.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None:
        for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
            owner.execute(sql.SQL(statement).format(sql.Identifier(role)))


def make_database(name: str, beside: str, template: str = "template1") -> dict[str, str]:
    """Create a database on the server of `beside`, and a role for the application.

    It is empty, or a copy of `template`. Returns the settings of their addresses.
    """
    role, owner = f"{name}_application", urlsplit(address_of(name, beside))
    with psycopg.connect(beside, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        password = create_application_role(connection, role)
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    netloc = f"{role}:{password}@{owner.netloc.rpartition('@')[2]}"
    return {
        "DATABASE_URL": urlunsplit(owner._replace(netloc=netloc)),
        "MIGRATION_DATABASE_URL": urlunsplit(owner),
    }


@contextmanager
def dropped_afterwards(name: str) -> Iterator[None]:
    """Drop the database that make_database creates, and its role, when the block ends."""
    yield
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
        owner.execute(f"DROP ROLE {name}_application")


def address_of(database: str, beside: str) -> str:
    """Return the address of another database on the server of `beside`, for the same role."""
    return urlunsplit(urlsplit(beside)._replace(path=f"/{database}"))


def become_owner() -> None:
    """Connect as the owner again, and drop the application's role."""
    role = connection.settings_dict["USER"]
    owner = _owner()
    reconnect({"USER": owner.username or "", "PASSWORD": owner.password or ""})
    with psycopg.connect(owner_url(), autocommit=True) as connected:
        drop_role(connected, role)


def _owner() -> SplitResult:
    return urlsplit(os.environ.get("MIGRATION_DATABASE_URL") or os.environ["DATABASE_URL"])


def _address_of_database(netloc: str) -> str:
    name = connection.settings_dict["NAME"]
    return urlunsplit(_owner()._replace(netloc=netloc, path=f"/{name}"))
