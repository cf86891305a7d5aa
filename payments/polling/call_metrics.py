"""Counts a shard's calls in its poll thread, and adds them to the process's metrics in batches.

A poll costs two additions to numbers of this thread: no lock, and nothing to wait for.
"""

from __future__ import annotations

from collections import Counter
from operator import attrgetter

from payments.seqr import CompletedStatusCall, SeqrError, code_label
from seqrshop.process_metrics import CALL_SECONDS, CALLS

OPERATION = "getPaymentStatus"

_terminal_of = attrgetter("terminal")


class CallMetrics:
    """The calls that are not added to the process's metrics yet. For one thread."""

    def __init__(self) -> None:
        self._terminal_ids: dict[int, str] = {}
        self._forget()

    def _forget(self) -> None:
        self._calls: Counter[int] = Counter()  # by terminal
        self._failures: Counter[tuple[int, str]] = Counter()  # among them, by terminal and code
        self._durations = CALL_SECONDS.durations()

    def name_terminal(self, terminal: int, terminal_id: str) -> None:
        """Count the calls of a terminal under its ID at SEQR. Any thread may call it."""
        self._terminal_ids[terminal] = terminal_id

    def record(self, completed: list[CompletedStatusCall], durations: list[float]) -> None:
        """Count finished calls, and how long each took."""
        self._calls.update(map(_terminal_of, completed))
        self._durations.record_all(durations)
        for call in completed:
            if isinstance(call.outcome, SeqrError):
                self._failures[call.terminal, code_label(call.outcome.result_code)] += 1

    def flush(self) -> None:
        """Add the calls to the process's metrics."""
        if not self._calls:
            return
        for (terminal, _), count in self._failures.items():
            self._calls[terminal] -= count
        counts = {(terminal, code_label(0)): count for terminal, count in self._calls.items()}
        for failure, count in self._failures.items():
            counts[failure] = counts.get(failure, 0) + count
        CALLS.add_all(
            {
                (OPERATION, code, self._terminal_ids.get(terminal, str(terminal))): count
                for (terminal, code), count in counts.items()
                if count
            }
        )
        CALL_SECONDS.add(self._durations, OPERATION)
        self._forget()
