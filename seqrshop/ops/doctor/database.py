"""PostgreSQL: reachable, migrated, owned by another role than the application's, and in order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

from orders.clock import database_now
from orders.database_roles import audit_is_protected
from seqrshop.ops.doctor.clocks import clock_finding
from seqrshop.ops.doctor.finding import Finding, count, failed, ok, warning
from seqrshop.postgresql import connect_outside_pool

MIN_VERSION = 14
TOO_MANY_CONNECTIONS = (
    "All connections of PostgreSQL are taken.",
    "End those that hold them (pg_stat_activity), raise max_connections, or run fewer processes.",
)
MAX_CONNECTIONS_PERCENT = 80
# Autovacuum removes old versions of rows once they are a fifth of a table.
MIN_OLD_VERSIONS = 20_000
MAX_OLD_VERSIONS_PERCENT = 50

_OLD_VERSIONS = """
    SELECT relname, n_dead_tup FROM pg_stat_user_tables
    WHERE n_dead_tup > %s AND n_dead_tup * 100 > (n_live_tup + n_dead_tup) * %s
    ORDER BY n_dead_tup DESC LIMIT 3
"""
_DEADLOCKS = """
    SELECT deadlocks, COALESCE(stats_reset, pg_postmaster_start_time())
    FROM pg_stat_database WHERE datname = current_database()
"""
_CONNECTIONS = """
    SELECT (SELECT sum(numbackends) FROM pg_stat_database),  -- of every role
           current_setting('max_connections')::int
"""
_OWNED_TABLES = """
    SELECT count(*) FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
    AND pg_has_role(relowner, 'MEMBER')
"""
# By the words of PostgreSQL's refusal, in the language that its messages usually have.
_REFUSALS = {
    "password authentication failed": (
        "PostgreSQL refuses the role or the password of DATABASE_URL.",
        "Correct DATABASE_URL, or the role's password: ALTER ROLE … PASSWORD …",
    ),
    "does not exist": (
        "PostgreSQL has no role or no database of the name that DATABASE_URL has.",
        "Correct DATABASE_URL, or create them: docs/operations.md, Database roles.",
    ),
    "too many clients": TOO_MANY_CONNECTIONS,
    "remaining connection slots": TOO_MANY_CONNECTIONS,
    "starting up": (
        "PostgreSQL is starting, or recovers after a crash.",
        "Wait, and watch its log.",
    ),
}
ROLES_ADVICE = (
    "Let another role own them, and migrate by MIGRATION_DATABASE_URL: docs/operations.md, "
    "Database roles."
)


def database() -> Iterator[Finding]:
    """Check PostgreSQL, and end at the first thing without which the rest cannot be read."""
    began_at = time.monotonic()
    try:
        connection.ensure_connection()
        milliseconds = (time.monotonic() - began_at) * 1000
        version = connection.cursor().connection.info.server_version // 10000
        yield _reachable(version, milliseconds)
        yield _clock()
        pending = list(_migrations())
        yield from pending
        if pending[0].advice:
            return
        yield _roles()
        yield _connections()
        yield _deadlocks()
        yield _old_versions()
    except (DatabaseError, InterfaceError) as error:
        yield _unavailable(error)


def _unavailable(error: Exception) -> Finding:
    """Return why there is no connection; the pool's error does not say, so connect once more."""
    try:
        connect_outside_pool(connection).close()
    except psycopg.Error as refusal:
        for words, (message, advice) in _REFUSALS.items():
            if words in str(refusal):
                return failed("database", message, advice)
    return failed(
        "database",
        f"PostgreSQL is unavailable ({type(error).__name__}).",
        "Start it, or correct DATABASE_URL: host, name, role and password. Its own log has "
        "the reason.",
    )


def _reachable(version: int, milliseconds: float) -> Finding:
    if version < MIN_VERSION:
        return failed(
            "database",
            f"PostgreSQL {version} is too old.",
            f"Upgrade it to {MIN_VERSION} or later.",
        )
    return ok("database", f"PostgreSQL {version} answers within {max(1.0, milliseconds):.0f} ms.")


def _clock() -> Finding:
    before = time.time()
    other = database_now().timestamp()
    after = time.time()
    return clock_finding("PostgreSQL", other - (before + after) / 2, (after - before) / 2)


def _migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        first = missing[0][0]
        yield failed(
            "migrations",
            f"{count(len(missing), 'migration')} not applied, from {first.app_label} "
            f"{first.name} on.",
            "Run: MIGRATION_DATABASE_URL=… python manage.py migrate",
        )
        return
    known = executor.loader.disk_migrations or {}
    newer = set(executor.loader.applied_migrations) - set(known)
    newer = {each for each in newer if each[0] in executor.loader.migrated_apps}
    if newer and not executor.loader.replacements:
        yield warning(
            "migrations",
            f"The database has {count(len(newer), 'migration')} that this version does not know.",
            "Start the processes with the version that has migrated it.",
        )
        return
    yield ok("migrations", "All are applied.")


def _roles() -> Finding:
    (owned,) = _row(_OWNED_TABLES)
    role = connection.settings_dict["USER"]
    if owned:
        return failed(
            "database role",
            f"The role {role} of DATABASE_URL owns {count(owned, 'table')}, so that each process "
            "could rewrite the audit.",
            ROLES_ADVICE,
        )
    if not audit_is_protected():
        return failed(
            "database role",
            f"The role {role} of DATABASE_URL may change the audit.",
            "Run: MIGRATION_DATABASE_URL=… python manage.py migrate. It grants the role what it "
            "needs, and revokes the rest.",
        )
    return ok("database role", f"{role} owns no table, and can only add to the audit.")


def _connections() -> Finding:
    used, most = _row(_CONNECTIONS)
    message = f"{used} of {most} are open."
    if used * 100 >= most * MAX_CONNECTIONS_PERCENT:
        return warning(
            "connections",
            message,
            "Raise max_connections, or run fewer processes: each uses 20 at most.",
        )
    return ok("connections", message)


def _deadlocks() -> Finding:
    deadlocks, since = _row(_DEADLOCKS)
    if deadlocks:
        return warning(
            "deadlocks",
            f"{count(deadlocks, 'deadlock')} since {since:%Y-%m-%d}.",
            "PostgreSQL's log has the statements (deadlock detected): report them. The work was "
            "repeated. SELECT pg_stat_reset() starts the count anew.",
        )
    return ok("deadlocks", f"None since {since:%Y-%m-%d}.")


def _old_versions() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_VERSIONS, [MIN_OLD_VERSIONS, MAX_OLD_VERSIONS_PERCENT])
        tables = cursor.fetchall()
    if not tables:
        return ok("bloat", "Autovacuum keeps up with the changes of rows.")
    names = ", ".join(f"{name} ({number:,})" for name, number in tables)
    return warning(
        "bloat",
        f"Old versions of rows have piled up in {names}.",
        "Check that autovacuum is on, and end transactions that are open for long "
        "(pg_stat_activity.xact_start). Then run VACUUM on these tables.",
    )


def _row(statement: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
