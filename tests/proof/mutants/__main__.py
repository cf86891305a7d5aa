"""`make mutants`: apply each mutation to a copy of the shop, and run the tests on it.

Runs two at a time, and writes the table in docs/proof.md. The exit status is 1 where a test
misses a mutation that it is to catch.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from tests.proof.mutants.mutation import Mutation
from tests.proof.mutants.mutations import MUTATIONS
from tests.proof.mutants.table import Verdict, write_table
from tests.proof.repository_copy import copy_repository

ROOT = Path(__file__).resolve().parents[3]
PARALLEL_RUNS = 2
MODEL_BASED_TEST = "tests/proof/model_based/test_invariants.py"
SEED = 1
SEEDS = 12  # more than in `make test`: some faults show in rare runs only
PASSED, FAILED = 0, 1


class NoVerdictError(Exception):
    """The tests could not run, so there is no verdict."""


def main() -> int:
    """Run all mutations, write the table, and return 1 where a test misses one."""
    began = time.monotonic()
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for number in range(PARALLEL_RUNS):
            copies.put(copy_repository(Path(folder) / str(number)))
        _require_green_tests(copies)
        with ThreadPoolExecutor(PARALLEL_RUNS) as threads:
            verdicts = list(
                threads.map(lambda mutation: _run_mutation(mutation, copies), MUTATIONS)
            )
    minutes = (time.monotonic() - began) / 60
    write_table(ROOT / "docs" / "proof.md", verdicts)
    missed = [verdict.mutation.name for verdict in verdicts if not verdict.is_caught]
    _print(f"{len(verdicts)} mutations, {len(missed)} missed, {minutes:.0f} minutes")
    for name in missed:
        _print(f"missed: {name}")
    return 1 if missed else 0


def _require_green_tests(copies: SimpleQueue[Path]) -> None:
    """Run the tests on unchanged code: a test that fails there proves nothing."""
    copy = copies.get()
    named = sorted({mutation.test for mutation in MUTATIONS})
    for tests in (named, [MODEL_BASED_TEST]):
        if _run(copy, *tests) != PASSED:
            raise NoVerdictError("a test fails without a mutation; its output is above")
    copies.put(copy)


def _run_mutation(mutation: Mutation, copies: SimpleQueue[Path]) -> Verdict:
    copy = copies.get()
    try:
        with _applied(mutation, copy):
            by_test = _run(copy, mutation.test) == FAILED
            by_model = mutation.by_model and _run(copy, MODEL_BASED_TEST) == FAILED
    finally:
        copies.put(copy)
    verdict = Verdict(mutation, by_model=by_model, by_test=by_test)
    _print(f"{mutation.name}: {verdict.text}")
    return verdict


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


def _run(copy: Path, *tests: str) -> int:
    """Run tests in a copy until one fails; return PASSED or FAILED."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-rfE", "--tb=no", *tests],
        cwd=copy,
        env={**os.environ, "SEED": str(SEED), "SEEDS": str(SEEDS)},
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
