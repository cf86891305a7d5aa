"""The command: `python -m tests.bench.scale.run`; ORDERS=n for another number of orders.

PAGES=pattern measures the pages alone whose address the regular expression is found in.

The database stays in .local/scale, filled, for the next run with the same number of orders.
"""

import os
import shutil
import sys
import time

import django
import psycopg
from django.core.management import call_command

from seqrshop.local import ROOT, orphans
from seqrshop.local.servers import run_servers
from seqrshop.local.testing import settings_for_tests

ORDERS = 1_000_000
FOLDER = ROOT / ".local" / "scale"
FILLED = FOLDER / "filled"  # names the number of orders


def main() -> None:
    """Fill the database unless it is filled, measure, and write docs/scale.md if it is large."""
    orders = int(os.environ.get("ORDERS") or ORDERS)
    if not FILLED.exists() or int(FILLED.read_text()) != orders:
        shutil.rmtree(FOLDER, ignore_errors=True)
    orphans.stop_orphans()
    with run_servers(FOLDER, durable=False) as addresses:
        os.environ.update(
            {
                **settings_for_tests(),
                "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
                "DATABASE_URL": addresses.database_url,
                "MIGRATION_DATABASE_URL": addresses.migration_database_url,
                "REDIS_URL": addresses.redis_url,
                "SEQR_POLL_SHARDS": "4",
            }
        )
        django.setup()
        call_command("migrate", verbosity=0)
        if not FILLED.exists():
            _fill(addresses.migration_database_url, orders)
        from tests.bench.scale import report  # noqa: PLC0415 - once Django is set up
        from tests.bench.scale.measure import measure_all, measure_pages  # noqa: PLC0415

        if pattern := os.environ.get("PAGES"):
            sys.stdout.write(f"\n{report.page_lines(measure_pages(pattern))}\n")
            return
        results = measure_all()
        sys.stdout.write(f"\n{report.tables(results)}\n")
        if orders >= ORDERS:
            report.write(results)


def _fill(owner_url: str, orders: int) -> None:
    from tests.bench.scale.fill import fill  # noqa: PLC0415 - once Django is set up

    began_at = time.monotonic()
    with psycopg.connect(owner_url, autocommit=True) as owner:
        fill(owner, orders)
    FILLED.write_text(str(orders))
    sys.stdout.write(f"Filled in {(time.monotonic() - began_at) / 60:.1f} min\n")


if __name__ == "__main__":
    main()
