"""Histograms and counters of one shard's polling."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

# Upper bounds in seconds, from 1 ms to about a minute; each is 15 % above the one before.
BUCKET_BOUNDS = [0.001 * 1.15**step for step in range(80)]


class Histogram:
    """Durations counted in buckets; a percentile is exact within 15 %."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKET_BOUNDS) + 1)
        self.highest = 0.0

    def record(self, seconds: float, times: int = 1) -> None:
        """Count a duration, `times` times."""
        self.counts[bisect_left(BUCKET_BOUNDS, seconds)] += times
        self.highest = max(self.highest, seconds)

    def record_all(self, durations: list[float]) -> None:
        """Count durations, of which there is at least one."""
        counts = self.counts
        for seconds in durations:
            counts[bisect_left(BUCKET_BOUNDS, seconds)] += 1
        self.highest = max(self.highest, *durations)

    def percentile(self, share: float) -> float:
        """Return the duration in seconds that this share (0.5, 0.99) of the counts stayed below."""
        remaining = share * sum(self.counts)
        for bound, count in zip(BUCKET_BOUNDS, self.counts, strict=False):
            remaining -= count
            if remaining <= 0:
                return min(bound, self.highest)
        return self.highest


@dataclass
class PollStats:
    """What one shard did since its last line in the log, at `since` of its clock."""

    since: float
    queries: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    lateness: Histogram = field(default_factory=Histogram)
    answer_time: Histogram = field(default_factory=Histogram)
    paid_to_recorded: Histogram = field(default_factory=Histogram)
