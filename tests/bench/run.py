"""The command: `python -m tests.bench.run`; --quick for a few rows, --streams for streams alone."""

import argparse
import os
import shutil
import sys

import django
import psutil
from django.core.management import call_command

from seqrshop.local import ROOT, orphans
from seqrshop.local.servers import free_port, run_servers
from seqrshop.local.testing import settings_for_tests
from tests.bench.fake_seqr_process import SeqrProcess
from tests.bench.launch import Launcher
from tests.bench.machine import Cores, assign_cores, pinned


def main(arguments: list[str]) -> None:
    """Measure; print the tables, or write all of them to docs/performance.md."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few rows; nothing is written")
    parser.add_argument("--streams", action="store_true", help="the streams alone")
    options = parser.parse_args(arguments)
    cores = assign_cores(os.sched_getaffinity(0))
    if not cores.are_separate:
        sys.stdout.write("There are fewer than three cores: see the tables' last line\n")
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "bench")
    try:
        with pinned(cores.rest), run_servers(folder, durable=True) as addresses:
            given = {
                **settings_for_tests(),
                "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
                "DATABASE_URL": addresses.database_url,
                "MIGRATION_DATABASE_URL": addresses.migration_database_url,
                "REDIS_URL": addresses.redis_url,
                "PORT": str(free_port()),
                "SEQR_POLL_SHARDS": "1",
                "SEQR_TIMEOUT_SECONDS": "10",
            }
            os.environ.update(given)
            with Launcher(folder, os.environ) as launcher:
                seqr = SeqrProcess(launcher, cores.seqr)
                where = {"SEQR_SERVICE_URL": seqr.service_url, "SEQR_SESSION_URL": seqr.service_url}
                os.environ.update(where)
                launcher.env.update(where)
                _measure(launcher, cores, seqr, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(
    launcher: Launcher, cores: Cores, seqr: SeqrProcess, options: argparse.Namespace
) -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    from tests.bench import report, rows, stream_report  # noqa: PLC0415 - once Django is set up
    from tests.bench.designs import Bench  # noqa: PLC0415
    from tests.bench.shop import BenchShop  # noqa: PLC0415
    from tests.bench.streams import measure_streams  # noqa: PLC0415

    children = {each.name(): each for each in psutil.Process().children()}
    servers = children["postgres"], children["valkey-server"]
    bench = Bench(launcher, cores, seqr, BenchShop(seqr), *servers)
    if options.quick:
        sys.stdout.write(f"\n{report.rows(rows.measure_quickly(bench))}\n")
        return
    if not options.streams:
        report.write(rows.measure_all(bench), cores)
    held = [measure_streams(bench) for _ in range(rows.RUNS)]
    stream_report.write(held, cores)
    sys.stdout.write(f"\n{stream_report.rows(held)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
