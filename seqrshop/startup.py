"""Stops an entry point with one sentence, without a traceback, when a setting is wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS

SETTINGS_TAG = "settings"  # of the system checks that every process runs when it starts


@contextmanager
def stop_without_traceback(exit_code: int = 1) -> Iterator[None]:
    """Exit with `exit_code` where the block raises ImproperlyConfigured, and print its message."""
    try:
        yield
    except ImproperlyConfigured as error:
        sys.stderr.write(f"seqrshop cannot start: {error}\n")
        sys.exit(exit_code)


def require_valid_settings() -> None:
    """Run the system checks of the settings, and then those that need the database.

    Raises ImproperlyConfigured. A database that is away is no error.
    """
    for tag, databases in ((SETTINGS_TAG, None), (Tags.database, [DEFAULT_DB_ALIAS])):
        found = run_checks(tags=[tag], databases=databases)
        if errors := [str(each.msg) for each in found if each.is_serious()]:
            raise ImproperlyConfigured("\n".join(errors))
