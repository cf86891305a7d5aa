"""python -m tests.proof.restore: lose the database twice, restore it, and compare with SEQR."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import django
import psycopg
from django.core.management import call_command

from seqrshop.local import ROOT, orphans
from seqrshop.local.servers import Servers, free_port, run_servers
from seqrshop.local.testing import settings_for_tests
from tests.processes import ManagedProcess
from tests.sandbox_process import SandboxProcess

if TYPE_CHECKING:
    from tests.proof.restore.scenario import Outcome


def main() -> int:
    """Restore a dump, then a point in time; return 1 where money differs afterwards."""
    parser = argparse.ArgumentParser(prog="make restore-test", description=__doc__)
    parser.add_argument("--orders", type=int, default=os.environ.get("ORDERS") or "50000")
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    options = parser.parse_args()
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "restore")
    with run_servers(folder, durable=True) as addresses, SandboxProcess() as sandbox:
        sandbox.fault("notification", "lost")
        _prepare(addresses, sandbox)
        outcome = _run(folder, addresses, sandbox, options.orders)
    from tests.proof.restore import table  # noqa: PLC0415 - once Django is set up

    for line in table.lines(outcome):
        _print(line)
    for fault in outcome.faults:
        _print(f"BROKEN: {fault}")
    if outcome.faults:
        _print(f"Failed; logs in {folder}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    if options.write:
        table.write(outcome)
    return 0


def _prepare(addresses: Servers, sandbox: SandboxProcess) -> None:
    """Set the settings, and make the tables."""
    # The nightly work shall not come between: the run closes the day itself.
    later = (datetime.now(UTC) + timedelta(hours=3)).hour
    os.environ.update(
        {
            **settings_for_tests(),
            "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
            "DATABASE_URL": addresses.database_url,
            "MIGRATION_DATABASE_URL": addresses.migration_database_url,
            "REDIS_URL": addresses.redis_url,
            "PORT": str(free_port()),
            "SEQR_SERVICE_URL": sandbox.service_url,
            "SEQR_SESSION_URL": sandbox.session_url,
            "RECONCILIATION_HOUR": str(later or 23),
            "REFUND_DAILY_LIMIT_PER_PERSON": "1000000",
        }
    )
    django.setup()
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)


def _run(folder: Path, addresses: Servers, sandbox: SandboxProcess, orders: int) -> Outcome:
    from tests.proof.restore.backups import Database  # noqa: PLC0415 - once Django is set up
    from tests.proof.restore.scenario import Scenario, fill_shop  # noqa: PLC0415

    began_at = time.monotonic()
    with psycopg.connect(addresses.migration_database_url, autocommit=True) as owner:
        fill_shop(owner, sandbox, orders)
    _print(f"{orders:,} orders after {time.monotonic() - began_at:.0f} s")
    postgres = ManagedProcess.running(addresses.processes[0], folder / "postgres.log", Path("/"))
    database = Database(postgres, addresses.migration_database_url, folder / "backups")
    try:
        return Scenario(database, sandbox, addresses.redis_url, folder, orders).run()
    finally:
        database.process.stop(signal.SIGINT)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
