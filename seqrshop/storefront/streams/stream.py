"""One stream: its pending events and its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from time import monotonic

from seqrshop.storefront.streams.stream_acceptor import Subscription


@dataclass(frozen=True)
class StreamTimings:
    """Durations and intervals of the streams, in seconds."""

    lifetime: float = 300.0  # of a stream; its page then opens another
    keepalive: float = 4.0  # longest silence, by which a page knows that it is connected
    compare: float = 2.0  # between searches of the database for changes that Redis has lost
    poller_check: float = 1.0  # between checks for stalled shards
    stalled_repeat: float = 3.0  # between events while the order's shard is stalled
    clock: Callable[[], float] = monotonic


class Stream:
    """The events for one page.

    Nothing piles up for a slow reader: only the latest event of each kind is pending.
    """

    def __init__(self, subscription: Subscription, body: bytes, timings: StreamTimings) -> None:
        self.subscription = subscription
        self._timings = timings
        lifetime = min(timings.lifetime, subscription.session_seconds or timings.lifetime)
        self._ends_at = timings.clock() + lifetime
        self._last_body = b""
        self._pending: dict[str, bytes] = {}
        self._has_pending = asyncio.Event()
        self._stalled_at: float | None = None  # of the last event that says so
        self.publish_order(body, is_final=subscription.is_final)

    def publish_order(self, body: bytes, *, is_final: bool) -> None:
        """Queue the order unless it is unchanged; end the stream with a final one."""
        if body != self._last_body:
            self._last_body = body
            self._publish("order", body)
        if is_final:
            self.end("final")

    def publish_poller(self, *, is_stalled: bool) -> None:
        """Queue that the order's poller shard is stalled, repeatedly, or that it is live again."""
        now = self._timings.clock()
        if not is_stalled:
            if self._stalled_at is not None:
                self._publish("poller", b'{"stalled": false}')
            self._stalled_at = None
        elif self._stalled_at is None or now - self._stalled_at >= self._timings.stalled_repeat:
            self._stalled_at = now
            self._publish("poller", b'{"stalled": true}')

    def end(self, reason: str) -> None:
        """End the stream with an event that has the reason."""
        if "end" not in self._pending:
            self._publish("end", json.dumps({"reason": reason}).encode())

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
        remaining = self._ends_at - self._timings.clock()
        try:
            async with asyncio.timeout(max(0.0, min(self._timings.keepalive, remaining))):
                await self._has_pending.wait()
        except TimeoutError:
            pass

    def _publish(self, kind: str, data: bytes) -> None:
        self._pending.pop(kind, None)
        self._pending[kind] = data
        if end := self._pending.pop("end", None):
            self._pending["end"] = end  # always last
        self._has_pending.set()


def _event(kind: str, data: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)
