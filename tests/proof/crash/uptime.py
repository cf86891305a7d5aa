"""For how long a poller could have asked: it needs its own life, and what starts its loop."""

from collections.abc import Mapping
from itertools import pairwise

from tests.processes import Uptime
from tests.proof.crash.cluster import POLLERS

NEEDED = ("beat", "redis", "postgresql")
LONG_ENOUGH_SECONDS = 15.0  # to start, to wait for a dead one's lock, and to ask


def longest_health(lives: Mapping[str, list[Uptime]], begins: float, ends: float) -> float:
    """Return the longest time, in seconds, that a poller and all it needs were alive in a row."""
    return max(
        longest([lives[name] for name in (poller, *NEEDED)], begins, ends) for poller in POLLERS
    )


def longest(of_each: list[list[Uptime]], begins: float, ends: float) -> float:
    """Return the longest part of a span in which none of these died or was dead."""
    best = 0.0
    cuts = sorted(
        {begins, ends}
        | {
            moment
            for lives in of_each
            for life in lives
            for moment in (life.started_at, life.ended_at)
            if moment is not None and begins < moment < ends
        }
    )
    reach = 0.0
    for start, end in pairwise(cuts):
        alive = all(
            any(
                life.started_at <= start and (life.ended_at is None or end <= life.ended_at)
                for life in lives
            )
            for lives in of_each
        )
        reach = reach + end - start if alive else 0.0
        best = max(best, reach)
    return best
