"""Delays SOAP calls by the latency profile of their operation.

An operation has one profile at most, and "*" is the profile of all operations without one. A call
waits before SEQR executes it. Faults apply after the wait, so a slow SEQR may also be a faulty one.
A waiting call costs a timer and no thread: thousands may wait at once.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field

from payments.sandbox.faults.latency_profiles import LatencyKind, latency_seconds
from payments.sandbox.faults.registry import ANY_OPERATION


@dataclass(eq=False)
class LatencyProfile:
    """The latency of one operation, or of all ("*").

    `parameters` holds every parameter of its kind. `seed` repeats a bimodal profile's choice of
    slow calls. `delayed` counts the calls that it has delayed. `discarded` is set when the sandbox
    is reset: calls that were waiting must not be executed.
    """

    operation: str
    kind: LatencyKind
    parameters: dict[str, float]
    seed: int
    delayed: int = 0
    discarded: bool = False
    _set_at: float = field(default_factory=time.monotonic)
    _waiters: set[asyncio.Future[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable by its seed

    @property
    def elapsed_seconds(self) -> float:
        """The real seconds since the profile was set."""
        return time.monotonic() - self._set_at

    @property
    def waiting(self) -> int:
        """The number of calls that wait now."""
        return len(self._waiters)

    async def delay(self) -> None:
        """Wait for as long as a call takes that arrives now, or until the profile has ended."""
        seconds = latency_seconds(self.kind, self.parameters, self.elapsed_seconds, self._random)
        if seconds <= 0:
            return
        self.delayed += 1
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _release, waiter)
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)

    def end(self, *, discarded: bool) -> None:
        """End every wait that the profile causes."""
        self.discarded = discarded
        for waiter in self._waiters:
            _release(waiter)


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class LatencyProfiles:
    """The latency profiles by operation."""

    def __init__(self) -> None:
        self._profiles: dict[str, LatencyProfile] = {}

    def set(self, profile: LatencyProfile) -> None:
        """Set the profile of its operation; calls that wait under its previous one go on."""
        previous = self._profiles.pop(profile.operation, None)
        if previous:
            previous.end(discarded=False)
        self._profiles[profile.operation] = profile

    def all(self) -> list[LatencyProfile]:
        """The profiles in the order in which they were set."""
        return list(self._profiles.values())

    def remove(self, operation: str) -> LatencyProfile:
        """Remove a profile; calls that it delays go on at once. Raises KeyError."""
        profile = self._profiles.pop(operation)
        profile.end(discarded=False)
        return profile

    def clear(self) -> None:
        """Remove all profiles; calls that they delay go on at once."""
        self._end_all(discarded=False)

    def reset(self) -> None:
        """Remove all profiles; calls that they delay get no response and change nothing."""
        self._end_all(discarded=True)

    def _end_all(self, *, discarded: bool) -> None:
        for profile in self._profiles.values():
            profile.end(discarded=discarded)
        self._profiles.clear()

    async def delay(self, operation: str | None) -> bool:
        """Delay a call by its profile, and return whether it may be executed.

        An unreadable call has the operation None, and only the profile "*" delays it.
        """
        profile = self._profiles.get(operation or ANY_OPERATION)
        profile = profile or self._profiles.get(ANY_OPERATION)
        if profile is None:
            return True
        await profile.delay()
        return not profile.discarded
