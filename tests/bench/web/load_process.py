"""Runs the load generator as a process, and sends it commands."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from seqrshop.local import ROOT, orphans

STOP_SECONDS = 10


@dataclass(frozen=True)
class Customers:
    """The arguments of tests.bench.web.load."""

    port: int
    sandbox_port: int
    slug: str
    service_id: str
    first_number: int


class LoadProcess:
    """A context manager: leaving it stops the process."""

    def __init__(self, customers: Customers, log: Path, env: dict[str, str]) -> None:
        arguments = (
            customers.port,
            customers.sandbox_port,
            customers.slug,
            customers.service_id,
            customers.first_number,
        )
        command = [sys.executable, "-m", "tests.bench.web.load", *map(str, arguments)]
        self._log = log
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=env | orphans.owner_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self.process = psutil.Process(self._process.pid)

    def run(self, do: str, **arguments: object) -> dict[str, Any]:
        """Run a command; return its result. Raises RuntimeError where the process ends."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps({'do': do, **arguments})}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load generator ended at {do}:\n{self._log.read_text()}")
        result: dict[str, Any] = json.loads(line)
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
