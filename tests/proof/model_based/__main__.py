"""`make proof`: runs in full what `make test` runs in part, and makes many model-based runs.

The parts are the pairs of writers, the grid of endless answers, the fault matrix, the grid of
staff by page, by action and by role, the rows of a large report, the closings of random days, and
the states of the pages. `make test` leaves out LONG_RUNS.

Makes EXAMPLES runs with the seeds from SEED on; without SEED the first seed is random. Says how to
repeat one that failed. EXAMPLES=1 makes the model-based runs alone.
"""

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Mapping

from seqrshop.local.check import LONG_RUNS
from tests.proof.model_based.plan import MAX_RUNS, STEPS, seeds_for

TEST = "tests/proof/model_based/test_invariants.py"
BUSY_DAY_ROWS = "35000"
WHOLE_TESTS = (
    (
        "tests/proof/interleaving/test_interleaving.py",
        {"ALL_PAIRS": "1"},
        "Every pair of writers was interleaved",
    ),
    (
        "tests/proof/endless/test_endless.py",
        {"ALL_CELLS": "1"},
        "Every answer, given for ever, led to an end or to a case",
    ),
    (
        "tests/proof/matrix",
        {"ALL_CELLS": "1"},
        "Every call to SEQR failed in every way",
    ),
    (
        "tests/backoffice/test_staff_by_shop_pages.py",
        {"ALL_CELLS": "1"},
        "Every person tried each page of every row",
    ),
    (
        "tests/backoffice/test_staff_by_shop_actions.py",
        {"ALL_CELLS": "1"},
        "Every person tried each action on every row",
    ),
    (
        "tests/backoffice/test_role_grid.py",
        {"ALL_CELLS": "1"},
        "Every role requested each address",
    ),
    (
        "tests/payments/seqr/test_report_limits.py",
        {"REPORT_ROWS": BUSY_DAY_ROWS},
        f"A report of {BUSY_DAY_ROWS} rows was read in little memory",
    ),
    (
        "tests/payments/reconciliation/test_large_report.py",
        {"REPORT_ROWS": BUSY_DAY_ROWS},
        f"A report of {BUSY_DAY_ROWS} rows was reconciled",
    ),
    (
        "tests/payments/closings/test_closings_equal_seqr.py",
        {"ALL_CELLS": "1"},
        "The closings of 6 times 60 random days equalled SEQR's reports",
    ),
    (
        "tests/browser/test_accessibility.py",
        {"ALL_CELLS": "1"},
        "Every state of the customers' pages was accessible",
    ),
    (
        "tests/browser/test_order_polling.py",
        {"ALL_CELLS": "1"},
        "A page asked for its order as often as every state needs",
    ),
    (
        "tests/backoffice/test_narrow_pages_in_browser.py",
        {"ALL_CELLS": "1"},
        "Every page of the staff fitted a narrow phone in both languages",
    ),
    *((each, {}, f"{each} passed") for each in LONG_RUNS),
)
MAX_PROCESSES = 2  # for two cores
SEEDS_UP_TO = 1_000_000


def main() -> int:
    """Make the runs; return 0 where every invariant held."""
    examples = int(os.environ.get("EXAMPLES", "900"))
    seed = int(os.environ.get("SEED") or random.randrange(SEEDS_UP_TO))
    seeds = seeds_for(examples)
    if seeds > 1 and not all(_run_whole(*each) for each in WHOLE_TESTS):
        return 1
    _print(f"{seeds * MAX_RUNS} runs of {STEPS} steps, with the seeds {seed} to {seed + seeds - 1}")
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", TEST, "-q", "-p", "no:logging"]
    if seeds > 1:
        command += ["-n", str(MAX_PROCESSES)]
    done = subprocess.run(
        command,
        env={**os.environ, "SEED": str(seed), "SEEDS": str(seeds), "RUNS": str(MAX_RUNS)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if done.returncode == 0:
        _print(f"Every invariant held, after {seconds:.0f} s")
        return 0
    _print(done.stdout)
    for failed in sorted(set(re.findall(r"^FAILED .*\[(\d+)\]", done.stdout, re.MULTILINE))):
        _print(f"Repeat it: make proof EXAMPLES=1 SEED={failed}; shrink it: SHRINK=1")
    return 1


def _run_whole(test: str, variables: Mapping[str, str], what: str) -> bool:
    """Run a test that `make test` runs in part; return whether it passed."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", test, "-q", "-p", "no:logging"],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    held = done.returncode == 0
    _print(f"{what}, in {time.monotonic() - began:.0f} s" if held else done.stdout)
    return held


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
