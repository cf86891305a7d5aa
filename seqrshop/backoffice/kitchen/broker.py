"""The boards' streams of a process, and the loops that feed them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from uuid import UUID

from seqrshop.backoffice.kitchen import access, changes
from seqrshop.backoffice.kitchen.stream import BoardStream, BoardSubscription
from seqrshop.streaming.event_stream import StreamTimings
from seqrshop.streaming.loops import RETRY_DELAY_SECONDS, StreamLoops
from seqrshop.streaming.open_streams import OpenStreams
from seqrshop.streaming.subscriber import listen

MAX_STREAMS_PER_PERSON = 8  # the screens of a kitchen often share one account
MAX_STREAMS = 200  # of one process
MIN_READ_INTERVAL_SECONDS = 0.1  # between reads, so that a rush of orders costs no read each
MAX_CHANGED_ORDERS = 1000  # that wait for a read; beyond it, all boards are read


class BoardBroker:
    """All streams of boards of a process. Used within one event loop."""

    def __init__(self, timings: StreamTimings | None = None) -> None:
        self._timings = timings or StreamTimings()
        self._streams = OpenStreams[int, BoardStream](  # by shop
            most=MAX_STREAMS, most_per_reader=MAX_STREAMS_PER_PERSON
        )
        self._versions: dict[int, changes.BoardVersion] = {}
        self._changed_orders: set[UUID] = set()
        self._changed_shops: set[int] = set()
        self._has_changed = asyncio.Event()
        self._loops = StreamLoops("boards")
        self._is_stopping = False

    def __len__(self) -> int:
        return len(self._streams)

    def start(self) -> None:
        """Start the loops."""
        self._loops.start(
            partial(listen, self.record_change),
            self._publish_changed,
            partial(self._after, self._timings.compare, self._find_lost_changes),
            partial(self._after, self._timings.access_check, self._check_access),
        )

    def stop(self) -> None:
        """End all streams; their screens open others, perhaps at another process."""
        self._is_stopping = True
        for stream in self._streams.all():
            stream.end("restart")

    async def close(self) -> None:
        """Stop the loops."""
        await self._loops.close()

    def open_stream(self, subscription: BoardSubscription, body: bytes) -> BoardStream | None:
        """Open a stream whose first event is `body`.

        Returns None where the process has no room for another. A person's ninth stream replaces
        the oldest. One of a process that stops ends after that event.
        """
        if self._streams.is_full:
            return None
        stream = BoardStream(subscription, body, self._timings)
        if self._is_stopping:
            stream.end("restart")
        shop = subscription.view.shop_id
        self._streams.add(shop, subscription.reader.user_id, stream)
        self._mark_shops([shop])  # it may have changed since it was read for this stream
        return stream

    def close_stream(self, stream: BoardStream) -> None:
        """Forget a stream that has ended."""
        shop = stream.subscription.view.shop_id
        self._streams.remove(shop, stream.subscription.reader.user_id, stream)
        if shop not in self._streams:
            self._versions.pop(shop, None)

    def record_change(self, order: UUID) -> None:
        """Record that an order has changed; the next batch reads which shop it belongs to."""
        if not self._streams:
            return
        if len(self._changed_orders) >= MAX_CHANGED_ORDERS:
            self._changed_orders.clear()
            self._mark_shops(self._streams)
            return
        self._changed_orders.add(order)
        self._has_changed.set()

    def _mark_shops(self, shops: Iterable[int]) -> None:
        self._changed_shops.update(shops)
        self._has_changed.set()

    async def _publish_changed(self) -> None:
        await self._has_changed.wait()
        self._has_changed.clear()
        orders, self._changed_orders = self._changed_orders, set()
        shops, self._changed_shops = self._changed_shops, set()
        if not await self._read_and_publish(orders, shops):
            await asyncio.sleep(RETRY_DELAY_SECONDS)
            self._changed_orders |= orders
            self._mark_shops(shops)
            return
        await asyncio.sleep(MIN_READ_INTERVAL_SECONDS)

    async def _read_and_publish(self, orders: set[UUID], shops: set[int]) -> bool:
        """Publish the boards of these orders and shops; return whether they could be read."""
        if orders:
            found = await self._loops.from_database(changes.shops_of, orders, list(self._streams))
            if found is None:
                return False
            shops = shops | found
        views = {
            stream.subscription.view
            for stream in self._streams.all()
            if stream.subscription.view.shop_id in shops
        }
        boards = await self._loops.from_database(changes.read_boards, views)
        if boards is None:
            return False
        for stream in self._streams.all():
            body = boards.get(stream.subscription.view)
            if body is not None:
                stream.publish_board(body)
        return True

    async def _find_lost_changes(self) -> None:
        """Find what Redis has lost, what no order shows, such as a pause, and what time changes."""
        versions = await self._loops.from_database(changes.read_versions, list(self._streams))
        if versions is None:
            return
        self._mark_shops(
            shop
            for shop, version in versions.items()
            if shop in self._streams and version != self._versions.get(shop)
        )
        self._versions = {shop: versions[shop] for shop in self._streams if shop in versions}

    async def _check_access(self) -> None:
        """End the streams of those who have signed out, or may not read the board any more."""
        streams = {
            stream: (stream.subscription.reader, stream.subscription.view.shop_id)
            for stream in self._streams.all()
        }
        allowed = await self._loops.from_database(access.allowed_readers, set(streams.values()))
        if allowed is None:
            return
        for stream, reader in streams.items():
            if reader not in allowed:
                stream.end("signed_out")

    async def _after(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(seconds)
        if self._streams:
            await work()
