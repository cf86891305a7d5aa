"""The fake SEQR as a process, and what it is told and asked."""

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
    """An invoice that was paid, and when the shop was first told. In seconds since 1970."""

    reference: str
    paid_at: float
    told_at: float | None


@dataclass(frozen=True)
class SeqrFigures:
    """What was asked since the counting began. Gaps are seconds between two questions answered."""

    seconds: float
    polls: int
    cpu_seconds: float
    longest_gap: float
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

    def behave(self, **behaviour: float | bool) -> None:
        """Tell it how to answer: fields of `Behaviour`; what is not named is as it is at first."""
        self._control("behave", behaviour)

    def issue(self, references: list[int]) -> None:
        """Let invoices be open there."""
        self._control("issue", {"references": references})

    def forget(self) -> None:
        """Let no invoice be there any more."""
        self._control("forget", {})

    def count(self) -> None:
        """Begin to count from zero."""
        self._control("count", {})

    def figures(self) -> SeqrFigures:
        """Return what was counted."""
        told = self._control("figures", {})
        payments = tuple(Payment(*payment) for payment in told.pop("payments"))
        return SeqrFigures(payments=payments, **told)

    def _control(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("POST", f"/control/{what}", json.dumps(body))
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer
