"""Which migrations of this version the database lacks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pkgutil import iter_modules

from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Return app and name of each migration of this version, without loading one."""

    def names() -> Iterator[tuple[str, str]]:
        for app in apps.get_app_configs():
            for module in iter_modules([f"{app.path}/migrations"]):
                yield app.label, module.name

    return frozenset(names())


def missing_migrations() -> frozenset[tuple[str, str]]:
    """Return app and name of each migration that the database lacks.

    A database that is migrated for a later version lacks none.
    """
    return _known_migrations() - MigrationRecorder(connection).applied_migrations().keys()
