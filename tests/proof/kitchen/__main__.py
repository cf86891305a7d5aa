"""`make kitchen`: 200 orders in five minutes on three screens of a kitchen board.

Runs the whole shop and three Chromium pages. Customers order and pay through the API and the
sandbox; the screens record each step of each order. Writes the figures into docs/proof.md; with
--quick, takes 20 orders in half a minute and writes nothing. The exit status is 1 where an order is
missing on a screen, is there twice, or comes too late.
"""

from __future__ import annotations

import argparse
import shutil
import sys

from seqrshop.local import ROOT, orphans
from seqrshop.local.check import ensure_programs
from seqrshop.local.servers import run_servers
from tests.browser.browsers import running_chromium
from tests.browser.stack import running_stack
from tests.proof.kitchen.report import broken_promises, describe, write_report
from tests.proof.kitchen.rush import FULL, QUICK, run_rush


def main() -> int:
    """Run the rush, report it, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="make kitchen", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 orders; nothing is written")
    is_quick = parser.parse_args().quick
    if not ensure_programs():
        return 1
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "kitchen-run")
    with run_servers(folder, durable=True) as servers:
        given = {
            "DATABASE_URL": servers.database_url,
            "MIGRATION_DATABASE_URL": servers.migration_database_url,
            "REDIS_URL": servers.redis_url,
        }
        with running_stack(folder, given) as stack, running_chromium() as chromium:
            outcome = run_rush(stack, chromium, QUICK if is_quick else FULL)
    shutil.rmtree(folder, ignore_errors=True)
    broken = broken_promises(outcome)
    sys.stdout.write("\n".join([*describe(outcome), *broken, ""]))
    if not is_quick and not broken:
        write_report(outcome)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
