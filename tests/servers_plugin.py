"""Sets the environment of a test run before Django reads its settings.

Starts PostgreSQL and Valkey unless DATABASE_URL and REDIS_URL are given. pyproject.toml loads this
plugin with `-p`, since pytest loads conftest.py too late.
"""

import os
import shutil
from collections.abc import Generator
from contextlib import ExitStack
from urllib.parse import urlsplit, urlunsplit

import pytest
from xdist.scheduler import LoadFileScheduling

from seqrshop.local import ROOT, orphans
from seqrshop.local.servers import ServerStartError, run_servers
from seqrshop.local.testing import settings_for_tests
from tests.migrated_database import drop_migrated_database
from tests.prepared_cluster import copy_cluster

POSTGRES_LOG = "SEQRSHOP_POSTGRES_LOG"  # the variable with the path of our own server's log

_on_exit = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Set the environment before pytest-django's hook of the same name loads the settings."""
    os.environ.update(settings_for_tests())
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # the parent has started the servers
        os.environ["REDIS_URL"] = _worker_redis_url(worker)
        return (yield)
    try:
        orphans.stop_orphans()
        folder = orphans.process_folder(ROOT / ".local" / "test")
        _on_exit.callback(shutil.rmtree, folder, ignore_errors=True)
        copy_cluster(folder / "postgres")
        servers = _on_exit.enter_context(
            run_servers(
                folder,
                durable=False,
                database_url=os.environ.get("DATABASE_URL"),
                redis_url=os.environ.get("REDIS_URL"),
            )
        )
    except (OSError, ServerStartError) as error:
        raise pytest.UsageError(str(error)) from error
    if given := os.environ.get("DATABASE_URL"):
        drop_migrated_database(given)
    else:
        os.environ[POSTGRES_LOG] = str(folder / "postgres" / "server.log")
    # Creates the tests' database; tests/conftest.py then lets the tests use the application's role.
    os.environ["DATABASE_URL"] = servers.migration_database_url or servers.database_url
    os.environ["REDIS_URL"] = servers.redis_url
    return (yield)


def _worker_redis_url(worker: str) -> str:
    """Return the address of a Redis database for one worker; databases 0 and 1 are taken."""
    database = 2 + int(worker.removeprefix("gw"))
    return urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{database}"))


# What takes longest starts first: begun last, one of them would be waited for alone. Without this
# order, xdist starts the files with most tests first, and those with one long test last.
LONG_SCOPES = (
    "browser",
    "tests/proof/endless/",
    "tests/proof/model_based/",
    "tests/payments/reconciliation/test_large_report.py",
    "tests/payments/invoices/test_stuck_cancels.py",
    "tests/seqrshop/test_development.py",
    "tests/payments/polling/test_process.py",
    "tests/orders/test_migrate.py",
    "tests/serving/test_web_process.py",
    "tests/seqrshop/test_local_run.py",
    "tests/seqrshop/test_settings.py",
    "tests/backoffice/test_staff_by_shop_actions.py",
    "tests/backoffice/test_staff_by_shop_pages.py",
    "tests/backoffice/test_role_grid.py",
    "tests/backoffice/test_look_in_browser.py",
    "tests/backoffice/test_staff_journeys_in_browser.py",
    "tests/sandbox/test_in_chromium.py",
    "tests/seqrshop/test_postgresql.py",
    "tests/serving/test_outages.py",
    "tests/backoffice/test_narrow_pages_in_browser.py",
    "tests/bench/web/test_journey_statements.py",
    "tests/telemetry/test_processes.py",
    "tests/backoffice/people/test_people_in_browser.py",
    "tests/payments/reconciliation/test_foreign_marks.py",
    "tests/ops/test_prometheus.py",
    "tests/ops/test_restore.py",
    "tests/payments/closings/test_closings_equal_seqr.py",
    "tests/backoffice/test_bulk_in_browser.py",
    "tests/payments/polling/test_status_checks.py",
    "tests/payments/polling/test_locked_rows.py",
    "tests/seqrshop/test_imports.py",
)


class FileScheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Assigns whole files to workers, the longest first, and all browser tests to the same worker.

    The seeds of the model-based test, up to a hundred, are assigned one by one.
    """

    def _assign_work_unit(self, node: object) -> None:
        long = (scope for each in LONG_SCOPES for scope in self.workqueue if scope.startswith(each))
        if scope := next(long, None):
            self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        if file.startswith("tests/proof/model_based/"):
            return nodeid
        return "browser" if file.startswith("tests/browser/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FileScheduling:
    """Return the scheduler of a run with several workers."""
    return FileScheduling(config, log)


def pytest_unconfigure() -> None:
    """Stop the servers and remove their folder."""
    _on_exit.close()
