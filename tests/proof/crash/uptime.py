"""Computes for how long a poller could run: itself, and the processes that it needs."""

from collections.abc import Mapping
from itertools import pairwise

from tests.processes import Uptime
from tests.proof.crash.cluster import POLLERS

NEEDED = ("beat", "redis", "postgresql")
SUFFICIENT_UPTIME_SECONDS = 15.0  # to start, to wait for a killed poller's lock, and to query


def longest_uptime(uptimes: Mapping[str, list[Uptime]], begin: float, ends: float) -> float:
    """Return the longest time, in seconds, that a poller and all it needs ran together."""
    return max(
        longest([uptimes[name] for name in (poller, *NEEDED)], begin, ends) for poller in POLLERS
    )


def longest(uptimes_of_each: list[list[Uptime]], begin: float, ends: float) -> float:
    """Return the longest part of a span, in seconds, in which all of these ran."""
    best = 0.0
    cuts = sorted(
        {begin, ends}
        | {
            timestamp
            for uptimes in uptimes_of_each
            for uptime in uptimes
            for timestamp in (uptime.started_at, uptime.ended_at)
            if timestamp is not None and begin < timestamp < ends
        }
    )
    duration = 0.0
    for start, end in pairwise(cuts):
        all_run = all(
            any(
                uptime.started_at <= start and (uptime.ended_at is None or end <= uptime.ended_at)
                for uptime in uptimes
            )
            for uptimes in uptimes_of_each
        )
        duration = duration + end - start if all_run else 0.0
        best = max(best, duration)
    return best
