"""The command: `python -m tests.bench.web`; --quick measures once and writes nothing."""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from seqrshop.local import ROOT, orphans
from seqrshop.local.servers import run_servers
from tests.bench.page import write_between_marks
from tests.bench.web import profiling, report
from tests.bench.web.measure import Run, measure, profile
from tests.bench.web.results import Results
from tests.bench.web.sites import (
    Machine,
    Site,
    prepare,
    run_bare_page,
    run_shop,
    run_usual_design,
)
from tests.sandbox_process import SandboxProcess

RUNS = 3
CORES = 2  # that the shop, its servers, SEQR and the customers share
SITES: tuple[Callable[[Machine], AbstractContextManager[Site]], ...] = (
    run_shop,
    run_usual_design,
    run_bare_page,
)


def main(arguments: list[str]) -> None:
    """Measure; print the tables, and write them to docs/performance.md."""
    parser = argparse.ArgumentParser(prog="make bench-web", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run, and nothing is written")
    options = parser.parse_args(arguments)
    load_average = os.getloadavg()[0]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "bench-web")
    try:
        with run_servers(folder, durable=True) as servers, SandboxProcess() as sandbox:
            machine = Machine(folder, servers, sandbox)
            prepare(machine)
            results = _measure(machine, 1 if options.quick else RUNS)
            tables = report.tables(results, report.machine(servers.database_url, load_average))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"\n{tables}\n")
    if not options.quick:
        write_between_marks("bench-web", tables)


def _measure(machine: Machine, runs: int) -> Results:
    results = Results()
    for number in range(runs):
        for run_site in SITES:
            with run_site(machine) as site:
                run = measure(machine, site, with_statements=number == 0)
            results.add(site.name, run)
            _print(f"run {number + 1} of {runs}, {site.name}: {_summary(run)}")
    results.shares = _profile(machine)
    return results


def _profile(machine: Machine) -> Sequence[tuple[str, float]]:
    """Run the shop once more with its requests profiled; return the groups' shares of the CPU."""
    folder = machine.folder / "profiles"
    folder.mkdir()
    web = {
        "DJANGO_SETTINGS_MODULE": "tests.bench.web.profiled_settings",
        profiling.FOLDER: str(folder),
    }
    with run_shop(machine, **web) as site:
        profile(machine, site)
    return profiling.shares_of(folder)


def _summary(run: Run) -> str:
    if run.journeys is None:
        return f"{len(run.requests)} kinds of requests"
    return (
        f"{run.journeys.paid_per_second:.1f} paid orders a second, "
        f"{sum(run.journeys.failures.values())} failures"
    )


def _print(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
