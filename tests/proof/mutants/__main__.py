"""`make mutants`: plant each fault into a copy of the shop, and see which check catches it.

Two at a time. The table in docs/proof.md is written anew. The exit status is 1 where a fault is
caught by nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from tests.proof.mutants.mutations import MUTANTS, Mutant
from tests.proof.mutants.table import Verdict, write_table

ROOT = Path(__file__).resolve().parents[3]
AT_ONCE = 2
LIFECYCLE = "tests/proof/model_based/test_invariants.py"
SEED = 1
SEEDS = 12  # four times what `make test` has: a fault may need a rare coincidence
PASSED, FAILED = 0, 1


class NotJudged(Exception):
    """The tests could not be run, so that they say nothing."""


def main() -> int:
    """Judge every fault, write the table, and return 1 where one is caught by nothing."""
    began = time.monotonic()
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for number in range(AT_ONCE):
            copies.put(_copy_to(Path(folder) / str(number)))
        _require_that_all_pass(copies)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            verdicts = list(threads.map(lambda mutant: _judge(mutant, copies), MUTANTS))
    minutes = (time.monotonic() - began) / 60
    write_table(ROOT / "docs" / "proof.md", verdicts)
    survivors = [verdict.mutant.name for verdict in verdicts if not verdict.is_caught]
    _say(f"{len(verdicts)} faults, {len(survivors)} caught by nothing, {minutes:.0f} minutes")
    for name in survivors:
        _say(f"caught by nothing: {name}")
    return 1 if survivors else 0


def _copy_to(folder: Path) -> Path:
    """Return a folder with every file of the repository, the ones not yet committed too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def _require_that_all_pass(copies: SimpleQueue[Path]) -> None:
    """Run the tests on the shop as it is: what fails there would say nothing of a fault."""
    copy = copies.get()
    named = sorted({mutant.test for mutant in MUTANTS if mutant.test})
    for tests in (named, [LIFECYCLE]):
        if _run(copy, *tests) != PASSED:
            raise NotJudged(f"without any fault planted these fail: {' '.join(tests)}")
    copies.put(copy)


def _judge(mutant: Mutant, copies: SimpleQueue[Path]) -> Verdict:
    copy = copies.get()
    try:
        with _planted(mutant, copy):
            by_test = bool(mutant.test) and _run(copy, mutant.test) == FAILED
            by_lifecycle = _run(copy, LIFECYCLE) == FAILED
    finally:
        copies.put(copy)
    verdict = Verdict(mutant, by_lifecycle=by_lifecycle, by_test=by_test)
    _say(f"{mutant.name}: {verdict.told}")
    return verdict


@contextmanager
def _planted(mutant: Mutant, copy: Path) -> Iterator[None]:
    file = copy / mutant.file
    whole = file.read_text()
    if whole.count(mutant.old) != 1:
        raise NotJudged(f"{mutant.name}: its text stands {whole.count(mutant.old)} times")
    file.write_text(whole.replace(mutant.old, mutant.new))
    try:
        yield
    finally:
        file.write_text(whole)


def _run(copy: Path, *tests: str) -> int:
    """Run tests in a copy until one fails; return PASSED or FAILED."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:logging", *tests],
        cwd=copy,
        env={**os.environ, "SEED": str(SEED), "SEEDS": str(SEEDS)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (PASSED, FAILED):
        raise NotJudged(f"{' '.join(tests)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
