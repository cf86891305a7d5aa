"""`make mutants`: apply each mutation to a copy of the shop, and run the tests on it.

Runs two at a time, and writes the table in docs/proof.md. The exit status is 1 where a test
misses a mutation that it is to catch. What an earlier run has found is not run again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from tests.prepared_cluster import CLUSTER_VARIABLE, prepare_cluster
from tests.proof.model_based.plan import MAX_RUNS
from tests.proof.mutants.mutation import Mutation
from tests.proof.mutants.mutations import MUTATIONS
from tests.proof.mutants.progress import Progress
from tests.proof.mutants.table import Verdict, write_table
from tests.proof.repository_copy import copy_repository

ROOT = Path(__file__).resolve().parents[3]
PARALLEL_RUNS = 2
OWN_TEST, MODEL = "own test", "model-based test"
MODEL_BASED_TEST = "tests/proof/model_based/test_invariants.py"
SEED = 1
SEEDS = 12  # more than in `make test`: some faults show in rare runs only
PASSED, FAILED = 0, 1


class NoVerdictError(Exception):
    """The tests could not run, so there is no verdict."""


def main() -> int:
    """Run all mutations, write the table, and return 1 where a test misses one."""
    began = time.monotonic()
    progress = Progress.of_repository(ROOT, ROOT / ".local" / "mutants")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        os.environ[CLUSTER_VARIABLE] = str(prepare_cluster(Path(folder) / "cluster"))
        copies = [copy_repository(Path(folder) / str(place)) for place in range(PARALLEL_RUNS)]
        by_test = _run_all(OWN_TEST, MUTATIONS, copies, progress)
        by_model = _run_all(MODEL, [each for each in MUTATIONS if each.by_model], copies, progress)
    minutes = (time.monotonic() - began) / 60
    verdicts = [
        Verdict(each, by_model=each.name in by_model, by_test=each.name in by_test)
        for each in MUTATIONS
    ]
    write_table(ROOT / "docs" / "proof.md", verdicts)
    missed = [verdict for verdict in verdicts if not verdict.is_caught]
    _print(f"{len(verdicts)} mutations, {len(missed)} missed, {minutes:.0f} minutes")
    for verdict in missed:
        _print(f"{verdict.mutation.name}: {verdict.text}")
    return 1 if missed else 0


def _run_all(
    tests: str, mutations: Sequence[Mutation], copies: Sequence[Path], progress: Progress
) -> set[str]:
    """Run the own tests or the model-based one; return the names of the mutations they caught."""
    needed = sorted({_test_of(each, tests) for each in mutations})
    if unknown := [test for test in needed if not progress.is_green(test)]:
        _require_green(unknown, copies[0])
        for test in unknown:
            progress.keep_green(test)
    free_copies: SimpleQueue[Path] = SimpleQueue()
    for copy in copies:
        free_copies.put(copy)

    def run(mutation: Mutation) -> None:
        copy = free_copies.get()
        try:
            with _applied(mutation, copy):
                test = _test_of(mutation, tests)
                is_caught = _run(copy, test, env=_environment_of(mutation)) == FAILED
        finally:
            free_copies.put(copy)
        progress.keep(mutation, test, is_caught=is_caught)
        _print(f"{mutation.name}: {'caught' if is_caught else 'MISSED'} by the {tests}")

    def verdict(mutation: Mutation) -> bool | None:
        return progress.is_caught(mutation, _test_of(mutation, tests))

    with ThreadPoolExecutor(len(copies)) as threads:
        list(threads.map(run, [each for each in mutations if verdict(each) is None]))
    return {each.name for each in mutations if verdict(each)}


def _test_of(mutation: Mutation, tests: str) -> str:
    return mutation.test if tests == OWN_TEST else MODEL_BASED_TEST


def _require_green(tests: Sequence[str], copy: Path) -> None:
    """Run tests on unchanged code: one that fails there proves nothing."""
    if _run(copy, *tests) != PASSED:
        raise NoVerdictError("a test fails without a mutation; its output is above")


@contextmanager
def _applied(mutation: Mutation, copy: Path) -> Iterator[None]:
    file = copy / mutation.file
    source = file.read_text()
    if source.count(mutation.old) != 1:
        raise NoVerdictError(f"{mutation.name}: its text occurs {source.count(mutation.old)} times")
    file.write_text(source.replace(mutation.old, mutation.new))
    try:
        yield
    finally:
        file.write_text(source)


def _environment_of(mutation: Mutation) -> dict[str, str]:
    """Return the environment of its test, without the cluster whose database was migrated before.

    A mutation of a migration shows in a database that it has migrated.
    """
    env = dict(os.environ)
    if "/migrations/" in mutation.file:
        del env[CLUSTER_VARIABLE]
    return env


def _run(copy: Path, *tests: str, env: Mapping[str, str] = os.environ) -> int:
    """Run tests in a copy until one fails; return PASSED or FAILED."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-rfE", "--tb=no", *tests],
        cwd=copy,
        env={**env, "SEED": str(SEED), "SEEDS": str(SEEDS), "RUNS": str(MAX_RUNS)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != PASSED:
        _print(done.stdout.rpartition("short test summary info")[2])
    if done.returncode not in (PASSED, FAILED):
        raise NoVerdictError(f"{' '.join(tests)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
