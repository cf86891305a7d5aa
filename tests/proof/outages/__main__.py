"""python -m tests.proof.outages: take the servers away, and watch SEQR's side of the wire."""

import argparse
import os
import re
import shutil
import sys
from urllib.parse import urlsplit

import django
from django.core.management import call_command

from seqrshop.local import ROOT, orphans
from seqrshop.local.servers import free_port, run_servers
from seqrshop.local.testing import settings_for_tests
from tests.bench.fake_seqr_process import SeqrProcess
from tests.bench.launch import Launcher
from tests.proof.outages.standby import with_port
from tests.tcp_proxy import TcpProxy


def main() -> int:
    """Measure each outage; return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="make outages", description=__doc__)
    parser.add_argument(
        "--only",
        default=os.environ.get("ONLY", ""),
        help="a pattern of `name, seconds, pollers`; nothing is then written",
    )
    only = parser.parse_args().only
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "outages")
    with (
        run_servers(folder, durable=True) as addresses,
        TcpProxy(urlsplit(addresses.database_url).port or 0) as own_connections,
    ):
        given = {
            **settings_for_tests(),
            "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
            "DATABASE_URL": with_port(addresses.database_url, own_connections.port),
            "MIGRATION_DATABASE_URL": with_port(
                addresses.migration_database_url, own_connections.port
            ),
            "REDIS_URL": addresses.redis_url,
            "PORT": str(free_port()),
        }
        os.environ.update(given)
        with Launcher(folder, os.environ) as launcher:
            seqr = SeqrProcess(launcher, frozenset(os.sched_getaffinity(0)))
            where = {"SEQR_SERVICE_URL": seqr.service_url, "SEQR_SESSION_URL": seqr.service_url}
            os.environ.update(where)
            launcher.env.update(where)
            django.setup()
            call_command("migrate", verbosity=0)
            from tests.proof.outages import table  # noqa: PLC0415 - once Django is set up
            from tests.proof.outages.measure import Measured, measure  # noqa: PLC0415
            from tests.proof.outages.outage import outages  # noqa: PLC0415
            from tests.proof.outages.stage import build_stage  # noqa: PLC0415

            results: list[Measured] = []
            with build_stage(launcher, seqr, addresses, own_connections) as stage:
                for outage in outages():
                    name = f"{outage.name}, {outage.seconds} s, {outage.pollers} pollers"
                    if not re.search(only, name):
                        continue
                    results.append(measure(stage, outage))
                    _print(" | ".join(table.cells(results[-1])))
                    for fault in results[-1].faults:
                        _print(f"  BROKEN: {fault}")
            if not only:
                table.write(results)
    broken = sum(bool(result.faults) for result in results)
    if broken:
        _print(f"Failed: {broken} of {len(results)} outages; logs in {folder}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    _print(f"{len(results)} outages, no promise broken")
    return 0


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
