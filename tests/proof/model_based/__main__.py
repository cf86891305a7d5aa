"""`make proof`: many runs of the lifecycle, and what to type to see one of them again.

EXAMPLES runs are made, with the seeds from SEED on; a seed is drawn where none is given.
"""

import os
import random
import re
import subprocess
import sys
import time

from tests.proof.model_based.plan import RUNS, STEPS, seeds_for

TEST = "tests/proof/model_based/test_invariants.py"
MOST_PROCESSES = 2  # a machine of two cores is the least
SEEDS_UP_TO = 1_000_000


def main() -> int:
    """Make the runs; return 0 where every promise held."""
    examples = int(os.environ.get("EXAMPLES", "900"))
    seed = int(os.environ.get("SEED") or random.randrange(SEEDS_UP_TO))
    seeds = seeds_for(examples)
    _say(f"{seeds * RUNS} runs of {STEPS} steps, with the seeds {seed} to {seed + seeds - 1}")
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", TEST, "-q", "-p", "no:logging"]
    if seeds > 1:
        command += ["-n", str(MOST_PROCESSES)]
    done = subprocess.run(
        command,
        env={**os.environ, "SEED": str(seed), "SEEDS": str(seeds)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if done.returncode == 0:
        _say(f"Every promise held, after {seconds:.0f} s")
        return 0
    _say(done.stdout)
    for failed in sorted(set(re.findall(r"^FAILED .*\[(\d+)\]", done.stdout, re.MULTILINE))):
        _say(f"See it again: make proof EXAMPLES=1 SEED={failed}; its shortest form: SHRINK=1")
    return 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
