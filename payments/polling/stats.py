"""What a poller tells of its work."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

# Upper bounds in seconds, each some 15 % above the one before: 1 ms to a minute.
BOUNDS = [0.001 * 1.15**step for step in range(80)]


class Histogram:
    """How long something took, as counts between bounds; so a share is known within 15 %."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.highest = 0.0

    def note(self, seconds: float, times: int = 1) -> None:
        """Count one, or so many of the same."""
        self.counts[bisect_left(BOUNDS, seconds)] += times
        self.highest = max(self.highest, seconds)

    def share(self, part: float) -> float:
        """Return the time, in seconds, that this part of them (0.5, 0.99) stayed below."""
        left = part * sum(self.counts)
        for bound, count in zip(BOUNDS, self.counts, strict=False):
            left -= count
            if left <= 0:
                return min(bound, self.highest)
        return self.highest


@dataclass
class Figures:
    """What one shard did since the last line of the log."""

    since: float
    asked: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    lateness: Histogram = field(default_factory=Histogram)
    answer_time: Histogram = field(default_factory=Histogram)
    paid_to_recorded: Histogram = field(default_factory=Histogram)
