"""The number of seeds, of runs with each seed, and of steps in each run."""

import os

SEED = int(os.environ.get("SEED", "1"))
SEEDS = int(os.environ.get("SEEDS", "1"))  # consecutive, from SEED on
RUNS = int(os.environ.get("RUNS", "2"))  # with each seed
MAX_RUNS = 9  # after ten, hypothesis mutates earlier runs instead of drawing new ones
STEPS = 25


def seeds_for(runs: int) -> int:
    """Return the number of seeds that make at least this many runs."""
    return max(1, -(-runs // MAX_RUNS))
