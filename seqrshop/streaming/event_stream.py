"""One stream: its pending events and its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True)
class StreamTimings:
    """Durations and intervals of the streams, in seconds."""

    lifetime: float = 300.0  # of a stream; its page then opens another
    keepalive: float = 4.0  # longest silence, by which a page knows that it is connected
    kitchen_keepalive: float = 10.0  # the same for a paid order, whose page waits for minutes
    compare: float = 2.0  # between searches of the database for changes that Redis has lost
    kitchen_compare: float = 10.0  # the same for paid orders
    poller_check: float = 1.0  # between checks for stalled shards
    stalled_repeat: float = 3.0  # between events while the order's shard is stalled
    access_check: float = 10.0  # between checks whether members of staff may still read
    clock: Callable[[], float] = monotonic


class EventStream:
    """The events for one page.

    Nothing piles up for a slow reader: only the latest event of each kind is pending.
    """

    def __init__(self, timings: StreamTimings, session_seconds: float | None) -> None:
        self._timings = timings
        self.keepalive = timings.keepalive
        lifetime = timings.lifetime
        if session_seconds is not None:
            lifetime = min(lifetime, session_seconds)
        self._ends_at = timings.clock() + lifetime
        self._pending: dict[str, bytes] = {}
        self._has_pending = asyncio.Event()

    def publish(self, kind: str, data: bytes) -> None:
        """Queue an event, instead of an earlier one of its kind."""
        self._pending.pop(kind, None)
        self._pending[kind] = data
        if end := self._pending.pop("end", None):
            self._pending["end"] = end  # always last
        self._has_pending.set()

    def end(self, reason: str) -> None:
        """End the stream with an event that has the reason."""
        if "end" not in self._pending:
            self.publish("end", json.dumps({"reason": reason}).encode())

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the pending events as they come, or a keepalive line, until the end."""
        while True:
            await self._wait()
            if self._timings.clock() >= self._ends_at:
                self.end("timeout")
            pending, self._pending = self._pending, {}
            self._has_pending.clear()
            yield b"".join(_event(*event) for event in pending.items()) or b":\n\n"
            if "end" in pending:
                return

    async def _wait(self) -> None:
        """Wait for an event, at most until the next keepalive or the stream's end.

        uvloop's timers have whole milliseconds, so the one for the end may fire just before it.
        """
        remaining = self._ends_at - self._timings.clock()
        try:
            async with asyncio.timeout(max(0.0, min(self.keepalive, remaining))):
                await self._has_pending.wait()
        except TimeoutError:
            if remaining <= self.keepalive:
                self.end("timeout")


def _event(kind: str, data: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)
