"""manage.py migrate, as the owner of the tables and with time limits of its own.

It also stores the terminal that the settings name, and the ready-made roles of staff.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from orders.database_roles import grant_application_access, owner_connection
from payments.staff_roles import save_roles
from payments.terminals import adopt_terminal_of_settings
from seqrshop.postgresql import (
    MIGRATION_LOCK_TIMEOUT_SECONDS,
    MIGRATION_STATEMENT_TIMEOUT_SECONDS,
    answer_timeout,
)
from seqrshop.startup import require_valid_settings

# Of the objects made since the last collection: 700 by default.
GARBAGE_COLLECTION_THRESHOLD = 50_000


class Command(migrate.Command):
    """Migrates as Django does; a statement may take minutes, and wait seconds for a lock.

    Connects as the role of MIGRATION_DATABASE_URL, if it is given, and then grants the role of
    DATABASE_URL what the application needs. A migration that cannot get its lock fails, and is run
    again at a quieter time: every statement about its table waits behind it. Once all apps are
    migrated, stores the terminal of the settings and the roles of staff, as the role of
    DATABASE_URL.
    """

    def get_check_kwargs(self, options: dict[str, Any]) -> Any:
        """Leave out the check of the database, whose error `handle` reports in one sentence."""
        return {**super().get_check_kwargs(options), "databases": None}

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate the database. Raises OperationalError when a limit is exceeded."""
        require_valid_settings()
        connection = connections[options["database"]]
        application = connection.settings_dict["USER"]
        changes_nothing = options["plan"] or options["check_unapplied"]
        try:
            with owner_connection(), _migration_limits(connection), _rare_garbage_collection():
                super().handle(*args, **options)
                if connection.settings_dict["USER"] != application and not changes_nothing:
                    grant_application_access(application)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if not (changes_nothing or options["fake"] or options["app_label"]):
            adopt_terminal_of_settings()
            save_roles()


@contextmanager
def _migration_limits(connection: BaseDatabaseWrapper) -> Iterator[None]:
    connection.ensure_connection()
    with (
        answer_timeout(connection.connection, MIGRATION_STATEMENT_TIMEOUT_SECONDS + 1),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"SET statement_timeout = '{MIGRATION_STATEMENT_TIMEOUT_SECONDS}s'")
        cursor.execute(f"SET lock_timeout = '{MIGRATION_LOCK_TIMEOUT_SECONDS}s'")
        try:
            yield
        finally:
            if connection.is_usable():
                cursor.execute("RESET statement_timeout")
                cursor.execute("RESET lock_timeout")


@contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    """Look for garbage less often.

    Django makes the models anew for each step of each migration. To search them takes a fifth of
    the time of all migrations, and to keep them longer 50 MB.
    """
    usual, *later = gc.get_threshold()
    gc.set_threshold(GARBAGE_COLLECTION_THRESHOLD, *later)
    try:
        yield
    finally:
        gc.set_threshold(usual, *later)
