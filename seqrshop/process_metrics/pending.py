"""What this process has counted and not added to the sums in Redis yet. Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Mapping

Key = tuple[str, ...]
"""A metric's name, a part of it, and its labels. The part of a counter is empty."""


class PendingCounts:
    """Whole numbers by key, until they are taken to be added elsewhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Key, int] = {}

    def add(self, counts: Mapping[Key, int]) -> None:
        """Add to the counts."""
        with self._lock:
            for key, count in counts.items():
                self._counts[key] = self._counts.get(key, 0) + count

    def take(self) -> dict[Key, int]:
        """Return the counts, and count from zero again."""
        with self._lock:
            counts, self._counts = self._counts, {}
        return counts


PENDING = PendingCounts()
