"""Limits how often one place in the code may log: what anybody can cause must not fill the disk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MAX_LINES_PER_MINUTE = 100  # from one place in the code, at one level
WINDOW_SECONDS = 60.0
MAX_PLACES = 1000
# The logger of what the database stores too. Each of its lines is a row, and rows are limited.
STORED_CHANGES = "orders.changes"

Place = tuple[str, int, str, int]  # the logger, the level, the file and its line


@dataclass
class _Window:
    started_at: float
    lines: int = 0


class RepeatedLineFilter(logging.Filter):
    """Drops the lines of a place beyond its limit, and logs once a minute how many they were."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[Place, _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is logged. Its text may get the number of those that were not."""
        if record.name == STORED_CHANGES:
            return True
        lines, dropped = self._count(record)
        if dropped:
            _append(record, f"{dropped} more such lines were left out in the last minute")
        elif lines == MAX_LINES_PER_MINUTE:
            _append(record, "more such lines are left out for up to a minute")
        return lines <= MAX_LINES_PER_MINUTE

    def is_within_limit(self, record: logging.LogRecord) -> bool:
        """Count a line, and return whether its place has had no more than it may."""
        lines, _dropped = self._count(record)
        return lines <= MAX_LINES_PER_MINUTE

    def _count(self, record: logging.LogRecord) -> tuple[int, int]:
        place = (record.name, record.levelno, record.pathname, record.lineno)
        with self._lock:
            return self._count_in_place(place)

    def _count_in_place(self, place: Place) -> tuple[int, int]:
        """Return the lines of a place in this window, and those dropped in the one that ended."""
        now = self._clock()
        window = self._windows.get(place)
        dropped = 0
        if window is None or now - window.started_at >= WINDOW_SECONDS:
            dropped = max(0, window.lines - MAX_LINES_PER_MINUTE) if window else 0
            if len(self._windows) >= MAX_PLACES:
                self._windows.clear()
            window = self._windows[place] = _Window(now)
        window.lines += 1
        return window.lines, dropped


def _append(record: logging.LogRecord, text: str) -> None:
    record.msg = f"{record.getMessage()} ({text})"
    record.args = ()
