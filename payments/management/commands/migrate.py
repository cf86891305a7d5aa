"""manage.py migrate, with time limits of its own."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from seqrshop.postgresql import (
    MIGRATION_LOCK_TIMEOUT_SECONDS,
    MIGRATION_STATEMENT_TIMEOUT_SECONDS,
    answer_timeout,
)


class Command(migrate.Command):
    """Migrates as Django does; a statement may take minutes, and wait seconds for a lock.

    A migration that cannot get its lock fails, and is run again at a quieter time: every statement
    about its table waits behind it.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate the database. Raises OperationalError when a limit is exceeded."""
        connection = connections[options["database"]]
        connection.ensure_connection()
        with (
            answer_timeout(connection.connection, MIGRATION_STATEMENT_TIMEOUT_SECONDS + 1),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SET statement_timeout = '{MIGRATION_STATEMENT_TIMEOUT_SECONDS}s'")
            cursor.execute(f"SET lock_timeout = '{MIGRATION_LOCK_TIMEOUT_SECONDS}s'")
            try:
                super().handle(*args, **options)
            finally:
                if connection.is_usable():
                    cursor.execute("RESET statement_timeout")
                    cursor.execute("RESET lock_timeout")
