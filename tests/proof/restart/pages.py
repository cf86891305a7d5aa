"""Customers whose pages follow their orders by event streams, as the shop's own pages do."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.proof.crash.customers import Customer, CustomerLedger

KITCHEN_SECONDS = 20.0
MAX_REOPEN_SECONDS = 1.0  # as seqrshop/storefront/static/storefront/order-stream.js


@dataclass(frozen=True)
class MovedStream:
    """A stream that its process ended to stop: when, and the seconds until the next one's order."""

    at: float  # in seconds since 1970
    seconds: float


@dataclass
class PageLedger(CustomerLedger):
    """What the pages met, with their streams. `ends` counts the reasons why streams ended."""

    opened_streams: int = 0
    moved_streams: list[MovedStream] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)


class StreamingCustomer(Customer):
    """A customer whose page reads a stream, also while a paid order waits for the kitchen.

    Once a stream is lost, the page polls.
    """

    _ledger: PageLedger

    async def visit(self) -> None:
        """Order, follow the plan, and keep the page open for a while if the order is paid."""
        await super().visit()
        if self._order in self._ledger.paid:
            with suppress(TimeoutError):
                async with asyncio.timeout(KITCHEN_SECONDS):
                    await self._poll_until(lambda order: order["state"] == "refunded")

    async def _poll_until(self, is_reached: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        moved_at: float | None = None
        while True:
            reason = "cut"
            with suppress(aiohttp.ClientError, OSError):
                async for kind, data in self._events():
                    if kind == "end":
                        reason = data["reason"]
                    elif kind == "order":
                        self._record_move(moved_at)
                        moved_at = None
                        if is_reached(data):
                            return data
            self._ledger.ends[reason] += 1
            if reason != "restart":
                return await super()._poll_until(is_reached)
            moved_at = time.time()
            await asyncio.sleep(random.uniform(0, MAX_REOPEN_SECONDS))

    def _record_move(self, moved_at: float | None) -> None:
        if moved_at is not None:
            self._ledger.moved_streams.append(MovedStream(moved_at, time.time() - moved_at))

    async def _events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield kind and data of each event until the stream ends."""
        async with self._shop.open_stream(f"/orders/{self._order}/events") as response:
            if response.content_type != "text/event-stream":
                raise aiohttp.ClientConnectionError
            self._ledger.opened_streams += 1
            kind = ""
            async for line in response.content:
                name, _, text = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = text
                elif name == "data":
                    yield kind, json.loads(text)
