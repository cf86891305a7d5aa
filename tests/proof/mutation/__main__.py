"""`make mutation`: plant faults chosen by chance, each against the tests that run its line.

SEED chooses the faults, FAULTS their number (60). A fault is caught where a test fails with it and
passes without it. Prints the survivors. The exit status is 1 where fewer than 95 % are caught.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from seqrshop.local import ROOT
from tests.prepared_cluster import CLUSTER_VARIABLE, prepare_cluster
from tests.proof.mutation.equivalent import EQUIVALENT
from tests.proof.mutation.equivalent_queries import EQUIVALENT_QUERIES
from tests.proof.mutation.equivalent_scripts import EQUIVALENT_SCRIPTS
from tests.proof.mutation.fault import Fault
from tests.proof.mutation.forked_runs import caught_in_forks
from tests.proof.mutation.javascript_faults import find_faults
from tests.proof.mutation.lines import FAILED_TEST, LineMap, measure_lines
from tests.proof.mutation.python_faults import Place, find_places
from tests.proof.mutation.reach import ImportMap
from tests.proof.repository_copy import copy_repository

PARALLEL_RUNS = 2
FAULTS = 60
SCRIPTS_SHARE = 6  # one fault in six is in a script
REQUIRED_SHARE = 0.95
FAULT_SECONDS = 900
STOP_SECONDS = 60
FOLDERS = ("orders", "payments", "seqrshop/backoffice", "seqrshop/ops", "seqrshop/storefront")
SCRIPT_FOLDERS = ("seqrshop/storefront/static", "seqrshop/streaming/static")
LEFT_OUT = ("payments/sandbox/", "/migrations/", "/management/commands/seed_demo.py")
OPTIONS = ("-q", "-x", "-rfE", "--tb=no")
MIGRATIONS_TEST = "tests/seqrshop/test_migrations.py"
# They read the code, or what imports have made of it, and run none of its lines.
READING_TESTS = (
    "tests/seqrshop/test_dataclasses.py",
    "tests/seqrshop/test_public_names.py",
    "tests/seqrshop/test_task_names.py",
    "tests/seqrshop/test_translations.py",
    "tests/backoffice/test_columns.py",
)
PASSED = 0


def main() -> int:
    """Run the sample; return 1 where too many faults survive."""
    seed = int(os.environ.get("SEED") or random.randrange(1000))
    number = int(os.environ.get("FAULTS") or FAULTS)
    faults = sample(seed, number)
    imports, survivors, began = ImportMap(ROOT), [], time.monotonic()
    free_copies: SimpleQueue[Path] = SimpleQueue()

    def run(fault: Fault) -> tuple[Fault, str]:
        if fault in quickly:
            return fault, ""
        copy = free_copies.get()
        try:
            return fault, _run_fault(fault, tests_of(fault, lines, imports, failed), copy)
        finally:
            free_copies.put(copy)

    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        os.environ[CLUSTER_VARIABLE] = str(prepare_cluster(Path(folder) / "cluster"))
        copies = [copy_repository(Path(folder) / str(place)) for place in range(PARALLEL_RUNS)]
        _print("which test runs which line is measured first")
        lines, failed = measure_lines(copies, imports.quick_tests)
        for test in sorted(failed):
            _print(f"fails without a fault, and is left out: {test}")
        chosen = {
            fault: tests_of(fault, lines, imports, failed)
            for fault in faults
            if fault.file.endswith(".py")
        }
        quickly = caught_in_forks(copies, chosen, imports.quick_tests)
        for copy in copies:
            free_copies.put(copy)
        with ThreadPoolExecutor(PARALLEL_RUNS) as threads:
            for fault, survived in threads.map(run, faults):
                _print(f"{fault}: {survived or 'caught'}\n{fault.diff}")
                if survived:
                    survivors.append(fault)
    caught = len(faults) - len(survivors)
    minutes = (time.monotonic() - began) / 60
    _print(f"SEED={seed}: {caught} of {len(faults)} caught, in {minutes:.0f} minutes")
    for fault in survivors:
        _print(f"survived: {fault}\n{fault.diff}")
    return 0 if caught >= REQUIRED_SHARE * len(faults) else 1


def sample(seed: int, number: int) -> list[Fault]:
    """Return the faults of a seed: first a kind is drawn, then a fault of that kind."""
    chance = random.Random(seed)
    scripts = [
        fault
        for folder in SCRIPT_FOLDERS
        for path in sorted((ROOT / folder).rglob("*.js"))
        for fault in find_faults(ROOT, path.relative_to(ROOT).as_posix())
    ]
    places = [
        place
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not any(part in path.as_posix() for part in LEFT_OUT)
        for place in find_places(ROOT, path.relative_to(ROOT).as_posix())
    ]
    in_scripts = number // SCRIPTS_SHARE
    return _draw(chance, places, number - in_scripts) + _draw(chance, scripts, in_scripts)


def _draw(chance: random.Random, candidates: Sequence[Fault | Place], number: int) -> list[Fault]:
    """Draw different faults that are not equivalent."""
    by_kind: dict[str, list[Fault | Place]] = defaultdict(list)
    for candidate in candidates:
        by_kind[candidate.kind].append(candidate)
    kinds, drawn = sorted(by_kind), dict[str, Fault]()
    while len(drawn) < number:
        candidate = chance.choice(by_kind[chance.choice(kinds)])
        fault = candidate.fault() if isinstance(candidate, Place) else candidate
        if not _is_equivalent(fault):
            drawn[fault.after] = fault
    return list(drawn.values())


def _is_equivalent(fault: Fault) -> bool:
    lines = fault.diff.splitlines()
    old, new = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return fault.before == fault.after or any(
        fault.file == each.file and each.new.strip() in new and (not each.old or each.old in old)
        for each in (*EQUIVALENT, *EQUIVALENT_QUERIES, *EQUIVALENT_SCRIPTS)
    )


def tests_of(fault: Fault, lines: LineMap, imports: ImportMap, failed: set[str]) -> list[str]:
    """Return the tests that run a fault's line, the nearest first, or else those near its file.

    Leaves out those that have `failed` without a fault. Those that read the code come last.
    """
    near = imports.tests_reaching(fault.file)
    places = {file: place for place, file in enumerate(near)}
    if fault.file.endswith(".js"):
        return near
    running = lines.tests_running(fault) - failed

    def distance(test: str) -> tuple[int, str]:
        return places.get(test.partition("::")[0], len(places)), test

    of_models = [MIGRATIONS_TEST] if "/models/" in fault.file else []
    tests = [*(sorted(running, key=distance) or near), *of_models, *READING_TESTS]
    return list(dict.fromkeys(tests))


def _run_fault(fault: Fault, tests: list[str], copy: Path) -> str:
    """Plant the fault and run the tests; return how it survived, or "" where it was caught."""
    file = copy / fault.file
    file.write_text(fault.after)
    try:
        code, report = _run_tests(copy, tests)
    finally:
        file.write_text(fault.before)
    if code is None:
        return f"not caught in {FAULT_SECONDS} s"
    if code == PASSED:
        return "survived"
    code, _ = _run_tests(copy, _repetition(report, tests))
    return "" if code == PASSED else "the same test fails without the fault"


def _repetition(report: str, tests: list[str]) -> list[str]:
    """Return the arguments that repeat the test that failed, or the collection that did."""
    failed = FAILED_TEST.search(report)
    return [failed[1]] if failed else ["--collect-only", *tests]


def _run_tests(copy: Path, arguments: list[str]) -> tuple[int | None, str]:
    """Run pytest up to the first failure; return its exit code, None if it was too slow."""
    with tempfile.TemporaryFile("w+") as report:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *OPTIONS, *arguments],
            cwd=copy,
            stdout=report,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = process.wait(FAULT_SECONDS)
        except subprocess.TimeoutExpired:
            _stop(process)
            return None, ""
        report.seek(0)
        return code, report.read()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Let pytest stop its servers, then end it."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
