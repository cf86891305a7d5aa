"""Finds what in a migration would stop the shop, or would not fit the version before it.

The old processes run while a migration does, and until each of them is replaced. docs/deploy.md has
the rules. The linter judges the statements that Django would send to PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db import connection
from django.db.migrations import Migration, RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django_migration_linter.sql_analyser.analyser import analyse_sql_statements
from django_migration_linter.sql_analyser.base import Check, CheckMode, CheckType
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

REPLACED = ("CREATE_INDEX", "CREATE_INDEX_EXCLUSIVE")


def _made_tables(statements: list[str]) -> set[str]:
    return {match[1] for each in statements if (match := re.match(r'CREATE TABLE "(\w+)"', each))}


def _indexes_old_table(statements: list[str], **_options: object) -> bool:
    """Return whether an existing table takes no row while its index is made.

    The linter itself looks at the first index of a migration alone.
    """
    made = _made_tables(statements)
    indexed = (re.match(r'CREATE (?:UNIQUE )?INDEX "\w+" ON "(\w+)"', each) for each in statements)
    return any(match and match[1] not in made for match in indexed)


def _validates_all_rows(statements: list[str], **_options: object) -> bool:
    """Return whether a constraint of an existing table is checked while the table is locked."""
    made = _made_tables(statements)
    for statement in statements:
        added = re.match(r'ALTER TABLE "(\w+)" ADD CONSTRAINT .* (CHECK|FOREIGN KEY) ', statement)
        if added and added[1] not in made and "NOT VALID" not in statement:
            return True
    return False


class ShopAnalyser(PostgresqlAnalyser):
    """The linter's rules for PostgreSQL, one of them corrected, and one more."""

    migration_checks = [
        *(each for each in PostgresqlAnalyser.migration_checks if each.code not in REPLACED),
        Check(
            code="CREATE_INDEX",
            fn=_indexes_old_table,
            message="CREATE INDEX locks the table",
            mode=CheckMode.TRANSACTION,
            type=CheckType.ERROR,
        ),
        Check(
            code="VALIDATES_ALL_ROWS",
            fn=_validates_all_rows,
            message="ADD CONSTRAINT without NOT VALID reads all rows under a lock",
            mode=CheckMode.TRANSACTION,
            type=CheckType.ERROR,
        ),
    ]


def findings_after(last: Mapping[str, int], reviewed: Collection[str]) -> dict[str, set[str]]:
    """Return the codes of the findings in later and in reviewed migrations, by their names.

    `last` has, by app, the number of the last migration that is left out, unless it is reviewed.
    """
    loader = MigrationLoader(None)
    state = ProjectState()
    found: dict[str, set[str]] = {}
    for app, name in _in_order(loader):
        migration = loader.disk_migrations[app, name]
        is_old = app not in last or int(name[:4]) <= last[app]
        if is_old and f"{app}.{name}" not in reviewed:
            state = migration.mutate_state(state, preserve=False)
            continue
        statements, _ = _statements(migration, state.clone())
        state = migration.mutate_state(state, preserve=False)
        if codes := findings(statements, migration.operations):
            found[f"{app}.{name}"] = codes
    return found


def findings(statements: list[str], operations: Sequence[Operation]) -> set[str]:
    """Return the codes of the findings in a migration's statements, and its changes of rows."""
    errors, _ignored, warnings = analyse_sql_statements(ShopAnalyser, statements, [])
    codes = {issue.code for issue in (*errors, *warnings)}
    changes_rows = any(isinstance(operation, RunPython) for operation in operations)
    if changes_rows and any(each.startswith("ALTER TABLE") for each in statements):
        codes.add("ROWS_UNDER_LOCK")  # the table stays locked until all rows are changed
    return codes


def findings_of(*operations: Operation) -> set[str]:
    """Return the codes of the findings in one more migration of the app orders."""

    class Planted(Migration):
        atomic = not any(isinstance(each, NotInTransactionMixin) for each in operations)

    migration = Planted("planted", "orders")
    migration.operations = operations  # type: ignore[misc]  # as the executor does
    statements, _ = _statements(migration, _newest_state().clone())
    return findings(statements, operations)


@cache
def _newest_state() -> ProjectState:
    return MigrationLoader(None).project_state()


def _statements(migration: Migration, state: ProjectState) -> tuple[list[str], ProjectState]:
    own = connection.copy()  # outside the test's transaction, which some migrations refuse
    try:
        with own.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            state = migration.apply(state, editor, collect_sql=True)
    finally:
        own.close()
    collected = [line for line in editor.collected_sql if not line.startswith("--")]
    return ["BEGIN;", *collected] if migration.atomic else collected, state


def _in_order(loader: MigrationLoader) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for target in loader.graph.leaf_nodes():
        for node in loader.graph.forwards_plan(target):
            if node not in seen:
                seen.add(node)
                yield node
