"""Gives the test run its environment, before Django reads its settings.

PostgreSQL and Redis are started unless DATABASE_URL and REDIS_URL are given. pyproject.toml loads
this with `-p`, since a conftest.py would come too late.
"""

import os
import shutil
from collections.abc import Generator
from contextlib import ExitStack
from urllib.parse import urlsplit, urlunsplit

import pytest
from xdist.scheduler import LoadFileScheduling

from seqrshop.local import orphans
from seqrshop.local.servers import ServerStartError, run_servers
from seqrshop.local.testing import ROOT, settings_for_tests

_to_stop = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Set the environment before pytest-django's own hook of this name loads the settings."""
    os.environ.update(settings_for_tests())
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # whose parent has started the servers
        os.environ["REDIS_URL"] = _redis_of(worker)
        return (yield)
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "test")
    _to_stop.callback(shutil.rmtree, folder, ignore_errors=True)
    try:
        addresses = _to_stop.enter_context(
            run_servers(
                folder,
                durable=False,
                database_url=os.environ.get("DATABASE_URL"),
                redis_url=os.environ.get("REDIS_URL"),
            )
        )
    except ServerStartError as error:
        raise pytest.UsageError(str(error)) from error
    os.environ["DATABASE_URL"] = addresses.database_url
    os.environ["REDIS_URL"] = addresses.redis_url
    return (yield)


def _redis_of(worker: str) -> str:
    """Return the address of a worker's own database in Redis; 0 and 1 are taken."""
    number = 2 + int(worker.removeprefix("gw"))
    return urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}"))


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each process whole files, and the files that drive the whole shop to one of them.

    The seeds of the lifecycle, which may be a hundred, are shared out one by one.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        if file.startswith("tests/proof/lifecycle/"):
            return nodeid
        return "browser" if file.startswith("tests/browser/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """Have the tests shared out so, where several processes run them."""
    return ByFile(config, log)


def pytest_unconfigure() -> None:
    """Stop what was started."""
    _to_stop.close()
