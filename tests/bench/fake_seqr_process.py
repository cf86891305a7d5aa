"""Runs the fake SEQR as a process and controls it."""

import http.client
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import psutil

from tests.bench.launch import Launcher


@dataclass(frozen=True)
class Payment:
    """A payment, and when SEQR first answered PAID, in seconds since 1970."""

    reference: str
    paid_at: float
    answered_at: float | None


@dataclass(frozen=True)
class SeqrStats:
    """What was counted since reset. `longest_silence` is seconds between two queries.

    `silence` is the seconds since the last query about the invoice that has waited longest, and
    `never_queried` the number of invoices that no query was about.
    """

    seconds: float
    polls: int
    cpu_seconds: float
    longest_silence: float
    silence: float
    never_queried: int
    payments: tuple[Payment, ...]


class SeqrProcess:
    """tests.bench.fake_seqr on a free port."""

    def __init__(self, launcher: Launcher, cores: frozenset[int]) -> None:
        started = launcher.start(
            "seqr",
            [sys.executable, "-m", "tests.bench.fake_seqr"],
            cores,
            stdout=subprocess.PIPE,
        )
        self._port = started.ready_port()
        self.process = psutil.Process(started.process.pid)
        self.service_url = f"http://127.0.0.1:{self._port}/soap/service"

    def set_behaviour(self, **behaviour: float | bool) -> None:
        """Set fields of `Behaviour`; the others get their defaults."""
        self._control("behave", behaviour)

    def issue(self, references: list[int]) -> None:
        """Add open invoices."""
        self._control("issue", {"references": references})

    def forget(self) -> None:
        """Remove all invoices."""
        self._control("forget", {})

    def count(self) -> None:
        """Reset the statistics."""
        self._control("count", {})

    def stats(self) -> SeqrStats:
        """Return the statistics since the last reset."""
        values = self._control("stats", {})
        payments = tuple(Payment(*payment) for payment in values.pop("payments"))
        return SeqrStats(payments=payments, **values)

    def _control(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("POST", f"/control/{what}", json.dumps(body))
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer
