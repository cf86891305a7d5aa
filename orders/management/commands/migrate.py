"""`manage.py migrate`: Django's own, as the owner of the tables."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connection

from orders.database_roles import grant_application_access, owner_connection


class Command(migrate.Command):
    """Migrates as the role of MIGRATION_DATABASE_URL, if it is given.

    Then grants the role of DATABASE_URL what the application needs.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, then grant."""
        role = connection.settings_dict["USER"]
        try:
            with owner_connection():
                super().handle(*args, **options)
                changes_nothing = options["plan"] or options["check_unapplied"]
                if connection.settings_dict["USER"] != role and not changes_nothing:
                    grant_application_access(role)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
