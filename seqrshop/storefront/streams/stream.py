"""One stream: what is to be sent, and when it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from seqrshop.storefront.streams.stream_acceptor import Subscription


class Clock(Protocol):
    """Tells seconds that only ever grow."""

    def __call__(self) -> float: ...


@dataclass(frozen=True)
class StreamTimings:
    """How long and how often, in seconds."""

    lasts: float = 300.0  # a stream; its page then opens another
    beat: float = 4.0  # the longest without a byte: by this a page knows that it is connected
    compare: float = 2.0  # with the database, for what Redis has lost
    look: float = 1.0  # at the poller
    remind: float = 3.0  # while the poller sleeps
    clock: Clock = monotonic


class Stream:
    """What one page is to be told.

    However slowly it reads, nothing piles up: of each kind of event only the last one waits.
    """

    def __init__(self, follower: Subscription, body: bytes, pace: StreamTimings) -> None:
        self.follower = follower
        self._pace = pace
        self._ends_at = pace.clock() + min(pace.lasts, follower.seconds or pace.lasts)
        self._told = b""
        self._waiting: dict[str, bytes] = {}
        self._news = asyncio.Event()
        self._reminded_at: float | None = None  # while its poller sleeps
        self.tell_order(body, is_settled=follower.is_settled)

    def tell_order(self, body: bytes, *, is_settled: bool) -> None:
        """Tell how the order stands, unless it was told last; end with a settled one."""
        if body != self._told:
            self._told = body
            self._tell("order", body)
        if is_settled:
            self.end("final")

    def tell_poller(self, *, is_asleep: bool) -> None:
        """Tell that the order's poller sleeps, as long as it does now and then, or woke."""
        now = self._pace.clock()
        if not is_asleep:
            if self._reminded_at is not None:
                self._tell("poller", b'{"stalled": false}')
            self._reminded_at = None
        elif self._reminded_at is None or now - self._reminded_at >= self._pace.remind:
            self._reminded_at = now
            self._tell("poller", b'{"stalled": true}')

    def end(self, reason: str) -> None:
        """Tell why the stream ends, and end it."""
        if "end" not in self._waiting:
            self._tell("end", json.dumps({"reason": reason}).encode())

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give what is to be sent, as it comes, until the end."""
        while True:
            await self._wait()
            if self._pace.clock() >= self._ends_at:
                self.end("timeout")
            waiting, self._waiting = self._waiting, {}
            self._news.clear()
            yield b"".join(_event(*each) for each in waiting.items()) or b":\n\n"
            if "end" in waiting:
                return

    async def _wait(self) -> None:
        left = self._ends_at - self._pace.clock()
        try:
            async with asyncio.timeout(max(0.0, min(self._pace.beat, left))):
                await self._news.wait()
        except TimeoutError:
            pass

    def _tell(self, kind: str, data: bytes) -> None:
        self._waiting.pop(kind, None)
        self._waiting[kind] = data
        if end := self._waiting.pop("end", None):
            self._waiting["end"] = end  # last, whatever comes after it
        self._news.set()


def _event(kind: str, data: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)
