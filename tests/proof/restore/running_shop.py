"""The shop's processes and commands, on a database that has just been restored."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seqrshop.local import ROOT
from tests.bench.launch import Launcher
from tests.proof.outages.customer import Customer
from tests.proof.restore.trade import wait_until

LINES = ("poller", "web", "worker", "background", "beat")
ANY_CORE = frozenset(os.sched_getaffinity(0))


def run_command(*command: str) -> str:
    """Run a command of manage.py; return its output. Raises CalledProcessError."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@contextmanager
def running_shop(folder: Path, customer: Customer) -> Iterator[float]:
    """Run the shop until the block ends; give the seconds until a new order could be paid."""
    began_at = time.monotonic()
    with Launcher(folder, os.environ) as launcher:
        for line in LINES:
            launcher.start_from_procfile(line, ANY_CORE)
        wait_until(customer.can_pay, "an order that can be paid")
        yield time.monotonic() - began_at
