"""Computes for how long some poller certainly knew an invoice, and so had to query it.

A poller learns of an invoice while it runs together with all that it needs to read it. From then
on it has to query it, whatever else is down, until it is killed itself. Which of two running
pollers has the invoice's shard is not visible from outside, so a kill of either ends the certainty.
"""

from collections.abc import Mapping

from tests.processes import Uptime
from tests.proof.crash.cluster import POLLERS

NEEDED_TO_READ = ("postgresql",)
LEARNING_SECONDS = 15.0  # to start, to wait for a killed poller's lock, and to read
QUERIED_WITHIN_SECONDS = 10.0
STEP_SECONDS = 0.05  # below the shortest time that a killed process is down

Uptimes = Mapping[str, list[Uptime]]


def longest_known(uptimes: Uptimes, issued_at: float, begin: float, end: float) -> float:
    """Return the longest part of a span in which a poller certainly knew an invoice, in seconds.

    Times are seconds since 1970.
    """
    together: dict[tuple[str, int], float] = {}  # by run of a poller
    known_by: frozenset[tuple[str, int]] = frozenset()
    longest = current = 0.0
    steps = int((end - issued_at) / STEP_SECONDS)
    for moment in (issued_at + step * STEP_SECONDS for step in range(steps)):
        running = frozenset(
            (poller, run) for poller in POLLERS if (run := _run_at(uptimes[poller], moment)) >= 0
        )
        can_read = all(_run_at(uptimes[name], moment) >= 0 for name in NEEDED_TO_READ)
        together = {
            each: together.get(each, 0.0) + STEP_SECONDS if can_read else 0.0 for each in running
        }
        if any(seconds >= LEARNING_SECONDS for seconds in together.values()):
            known_by = running
        elif not known_by <= running:
            known_by = frozenset()
        current = current + STEP_SECONDS if known_by and moment >= begin else 0.0
        longest = max(longest, current)
    return longest


def _run_at(uptimes: list[Uptime], moment: float) -> int:
    """Return which run of a process, counted from 0, lasts at a moment; -1 for none."""
    for number, uptime in enumerate(uptimes):
        if uptime.started_at <= moment and (uptime.ended_at is None or moment < uptime.ended_at):
            return number
    return -1
