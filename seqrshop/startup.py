"""Stops an entry point with one sentence, without a traceback, when a setting is wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

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
    """Run the system checks of the settings. Raises ImproperlyConfigured."""
    errors = [str(each.msg) for each in run_checks(tags=[SETTINGS_TAG]) if each.is_serious()]
    if errors:
        raise ImproperlyConfigured("\n".join(errors))
