"""How many runs of how many steps are made with how many seeds."""

import os

SEED = int(os.environ.get("SEED", "1"))
SEEDS = int(os.environ.get("SEEDS", "3"))  # so many in a row, from SEED on
RUNS = 9  # with each seed: after ten, hypothesis rather varies what it has had than looks further
STEPS = 25


def seeds_for(runs: int) -> int:
    """Return how many seeds make at least so many runs."""
    return max(1, -(-runs // RUNS))
