"""The two database roles: the owner of the tables, and the application's.

The owner migrates. The application's role owns no table, so that nobody who takes over one of its
processes can switch off the audit's triggers, or truncate or drop the audit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.utils import CursorWrapper

# Besides the triggers that refuse a change, the application's role has no privilege for one.
APPEND_ONLY_TABLES = ("orders_auditevent", "orders_auditdigest", "orders_auditpruning")
# What the application's role may have the owner do for it.
FUNCTION_OF_OWNER = "make_audit_partitions(integer)"
_ADDRESS = ("USER", "PASSWORD", "HOST", "PORT")


@contextmanager
def owner_connection() -> Iterator[None]:
    """Connect as the role of MIGRATION_DATABASE_URL while the block runs, if it is given.

    For a command that is alone in its process. Raises ImproperlyConfigured where
    MIGRATION_DATABASE_URL is the address of another database than DATABASE_URL.
    """
    owner, database = settings.MIGRATION_DATABASE, connection.settings_dict
    if not owner:
        yield
        return
    if owner["NAME"] != database["NAME"]:
        raise ImproperlyConfigured("MIGRATION_DATABASE_URL and DATABASE_URL name two databases.")
    application = {name: database[name] for name in _ADDRESS}
    reconnect({name: owner[name] for name in _ADDRESS})
    try:
        yield
    finally:
        reconnect(application)


def grant_application_access(role: str) -> None:
    """Grant `role` what the application needs, and revoke all else. The owner calls it.

    The role reads and writes rows. It cannot change, delete or truncate a row of the audit, nor
    truncate any table, nor change a table or its triggers. It reaches the audit's partitions
    through their table alone. Raises ImproperlyConfigured where the role does not exist.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            raise ImproperlyConfigured(f"The role {role} of DATABASE_URL does not exist.")
        name, owned = _quoted([role]), _owned(cursor, "r", "p")
        append_only = _quoted([table for table in APPEND_ONLY_TABLES if table in owned])
        tables, sequences = _quoted(owned), _quoted(_owned(cursor, "S"))
        statements = [
            f"GRANT USAGE ON SCHEMA public TO {name}",
            f"REVOKE ALL ON {tables} FROM {name}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {name}",
            f"REVOKE UPDATE, DELETE ON {append_only} FROM {name}",
            f"GRANT USAGE, SELECT ON SEQUENCE {sequences} TO {name}",
        ]
        if partitions := _quoted(_owned(cursor, "r", partitions=True)):  # once all is migrated
            statements += [
                f"REVOKE ALL ON {partitions} FROM {name}",
                f"GRANT EXECUTE ON FUNCTION {FUNCTION_OF_OWNER} TO {name}",
            ]
        for statement in statements:
            cursor.execute(statement)


def _owned(cursor: CursorWrapper, *kinds: str, partitions: bool = False) -> list[str]:
    """Return the connected role's own tables ("r", "p") or sequences ("S"), none of extensions.

    The partitions of a table are returned apart from the tables.
    """
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind = ANY(%s) AND relispartition = %s"
        " AND relnamespace = 'public'::regnamespace AND relowner = current_user::regrole",
        [list(kinds), partitions],
    )
    return [row[0] for row in cursor.fetchall()]


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(connection.ops.quote_name, names))


def audit_is_protected() -> bool:
    """Return whether the connected role can only read the audit and add to it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT bool_or(pg_has_role(relowner, 'MEMBER')"
            " OR has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER'))"
            " FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid"
            " WHERE oid = ANY(%s::regclass[]) OR inhparent = ANY(%s::regclass[])",
            [list(APPEND_ONLY_TABLES)] * 2,
        )
        row = cursor.fetchone()
    return bool(row[0])


def reconnect(address: dict[str, str]) -> None:
    """Close this process's connections; the next ones use `address`: USER, PASSWORD and so on."""
    database = cast("DatabaseWrapper", connection)
    database.close()
    database.close_pool()
    database.settings_dict.update(address)
