"""A backup of the tests' database, restored as `pg_restore --data-only` would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import psycopg

from tests.database_roles import owner_url

# With the partitions of a table, and without the table itself.
TABLES = """
    SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"


@dataclass(frozen=True)
class DatabaseBackup:
    """The rows of each table, and the last value of each sequence, None for an unused one."""

    tables: dict[str, bytes]
    sequences: dict[str, int | None]

    @classmethod
    def take(cls) -> Self:
        """Copy all committed rows."""
        with psycopg.connect(owner_url()) as owner, owner.cursor() as cursor:
            tables = {}
            for (name,) in cursor.execute(TABLES).fetchall():
                with cursor.copy(f"COPY {name} TO STDOUT".encode()) as copy:
                    tables[name] = b"".join(bytes(part) for part in copy)
            return cls(tables, dict(cursor.execute(SEQUENCES).fetchall()))

    def restore(self) -> None:
        """Put the rows back as they were; later ones are lost. No trigger fires."""
        with psycopg.connect(owner_url()) as owner, owner.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(f"TRUNCATE {', '.join(self.tables)} CASCADE".encode())
            for name, rows in self.tables.items():
                with cursor.copy(f"COPY {name} FROM STDIN".encode()) as copy:
                    copy.write(rows)
            for name, value in self.sequences.items():
                cursor.execute("SELECT setval(%s, %s, %s)", [name, value or 1, value is not None])
