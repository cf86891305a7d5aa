"""Gives the test run its environment, before Django reads its settings.

PostgreSQL and Redis are started unless DATABASE_URL and REDIS_URL are given. pyproject.toml loads
this with `-p`, since a conftest.py would come too late.
"""

import os
import shutil
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from seqrshop.local import leftovers
from seqrshop.local.services import LocalServiceError, services
from seqrshop.local.testing import ROOT, settings_for_tests

_to_stop = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Set the environment before pytest-django's own hook of this name loads the settings."""
    os.environ.update(settings_for_tests())
    leftovers.stop_leftovers()
    folder = leftovers.own_folder(ROOT / ".local" / "test")
    _to_stop.callback(shutil.rmtree, folder, ignore_errors=True)
    try:
        addresses = _to_stop.enter_context(
            services(
                folder,
                durable=False,
                database_url=os.environ.get("DATABASE_URL"),
                redis_url=os.environ.get("REDIS_URL"),
            )
        )
    except LocalServiceError as error:
        raise pytest.UsageError(str(error)) from error
    os.environ["DATABASE_URL"] = addresses.database_url
    os.environ["REDIS_URL"] = addresses.redis_url
    return (yield)


def pytest_unconfigure() -> None:
    """Stop what was started."""
    _to_stop.close()
