"""Tries faults in children of a process that has imported the tests and the product once.

A test run begins with ten seconds of imports and of starting servers; a child begins in none. It
plants its fault into functions that are there already. What is not caught so, or cannot be planted
so, is tried again in a process of its own: `tests/proof/mutation/__main__.py` decides.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.proof.mutation.fault import Fault

PLUGIN = "tests.proof.mutation.fork_plugin"
FAULTS_VARIABLE, CAUGHT_VARIABLE = "MUTATION_FAULTS", "MUTATION_CAUGHT"


def caught_in_forks(
    copies: Sequence[Path], tests: Mapping[Fault, Sequence[str]], files: Sequence[str]
) -> set[Fault]:
    """Return the faults that a test caught, of those that can be planted into functions.

    `tests` are those of each fault; `files` are all test files, which each copy's process imports.
    """
    faults = list(tests)
    runs = []
    for place, copy in enumerate(copies):
        described = [
            {
                "number": number,
                "file": fault.file,
                "before": fault.before,
                "after": fault.after,
                "tests": tests[fault],
            }
            for number, fault in enumerate(faults)
            if number % len(copies) == place
        ]
        given, caught = copy / "faults.json", copy / "caught.txt"
        given.write_text(json.dumps(described))
        caught.touch()
        run = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN, *files],
            cwd=copy,
            env={**os.environ, FAULTS_VARIABLE: str(given), CAUGHT_VARIABLE: str(caught)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        runs.append((run, caught))
    for run, _ in runs:
        run.wait()
    return {faults[int(number)] for _, caught in runs for number in caught.read_text().split()}
