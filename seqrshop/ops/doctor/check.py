"""A check with its time limit, and the runner of many at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import connection

from seqrshop.ops.doctor.finding import Finding, Level, failed, worst

TIME_LIMIT_SECONDS = 8.0
REPEAT_INTERVAL_SECONDS = 1.0
CALLS_AT_ONCE = 16

T = TypeVar("T")


@dataclass(frozen=True)
class Check:
    """A check yields its findings as it goes, so that those before a stand-still are kept.

    `stuck_advice` says what to look at when the check gets no answer in time. A check that
    `is_repeated` may succeed a moment later; SEQR might block an account that is refused again and
    again.
    """

    name: str
    run: Callable[[], Iterable[Finding]]
    stuck_advice: str
    is_repeated: bool = True


@dataclass
class _Run:
    """A check that runs in a thread of its own, which nothing waits for at the end."""

    check: Check
    findings: list[Finding] = field(default_factory=list)
    is_over: bool = False

    def start(self) -> threading.Thread:
        thread = threading.Thread(target=self._collect, name=self.check.name, daemon=True)
        thread.start()
        return thread

    def result(self, limit: float) -> list[Finding]:
        if self.is_over:
            return list(self.findings)
        stuck = failed(
            self.check.name, f"No answer within {limit:g} seconds.", self.check.stuck_advice
        )
        return [*self.findings, stuck]

    def _collect(self) -> None:
        try:
            for finding in self.check.run():
                self.findings.append(finding)
        except Exception as error:  # noqa: BLE001 - one check never stops the others
            self.findings.append(
                failed(
                    self.check.name,
                    f"The check itself has failed ({type(error).__name__}).",
                    self.check.stuck_advice,
                )
            )
        finally:
            self.is_over = True
            connection.close()


def run_checks(
    checks: Sequence[Check], *, limit: float = TIME_LIMIT_SECONDS, wait: float = 0.0
) -> list[Finding]:
    """Run all checks at once, each for at most `limit` seconds; return their findings in order.

    Those that fail and may be repeated are, until they succeed or `wait` seconds are over.
    """
    deadline = time.monotonic() + wait
    results = dict(zip(checks, _run_once(checks, limit), strict=True))
    while time.monotonic() < deadline:
        failing = [
            each for each in checks if each.is_repeated and worst(results[each]) == Level.FAILED
        ]
        if not failing:
            break
        time.sleep(REPEAT_INTERVAL_SECONDS)
        results |= dict(zip(failing, _run_once(failing, limit), strict=True))
    return [finding for check in checks for finding in results[check]]


def _run_once(checks: Sequence[Check], limit: float) -> list[list[Finding]]:
    runs = [_Run(check) for check in checks]
    deadline = time.monotonic() + limit
    for thread in [run.start() for run in runs]:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [run.result(limit) for run in runs]


def concurrently(calls: Sequence[Callable[[], T]], limit: float) -> list[T | None]:
    """Return what the calls return, in their order, and None for each that fails or takes too long.

    At most CALLS_AT_ONCE are in flight. None of them delays the end of the process.
    """
    results: list[T | None] = [None] * len(calls)
    waiting = iter(enumerate(calls))
    lock = threading.Lock()

    def work() -> None:
        try:
            while True:
                with lock:
                    index, call = next(waiting)
                with suppress(Exception):
                    results[index] = call()
        except StopIteration:
            return
        finally:
            connection.close()

    threads = [
        threading.Thread(target=work, daemon=True) for _ in range(min(CALLS_AT_ONCE, len(calls)))
    ]
    deadline = time.monotonic() + limit
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(results)
