"""Histograms of durations that can be added up: counts by bucket, the same bounds everywhere."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

# Lower bounds in milliseconds, from 1 ms to a day; each is 20 % above the one before.
BOUNDS = [round(1.2**step, 3) for step in range(101)]


def bucket_of(milliseconds: float) -> int:
    """Return the bucket of a duration; PostgreSQL's width_bucket(…, BOUNDS) returns the same."""
    return bisect_right(BOUNDS, milliseconds)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """Return the milliseconds that this share (0.5, 0.99) of the durations stayed below.

    It is exact within 20 %, and of many durations within a few per cent. Returns None without
    any duration.
    """
    total = sum(counts.values())
    remaining = share * total
    for bucket in sorted(counts):
        if remaining <= counts[bucket]:
            lower, upper = _bounds_of(bucket)
            return lower + (upper - lower) * remaining / counts[bucket]
        remaining -= counts[bucket]
    return None


def _bounds_of(bucket: int) -> tuple[float, float]:
    lower = BOUNDS[bucket - 1] if bucket else 0.0
    return lower, BOUNDS[min(bucket, len(BOUNDS) - 1)]
