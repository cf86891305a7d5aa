"""The streams of a process, and the loops that feed them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from redis.exceptions import RedisError

from payments.polling.liveness import stalled_shards
from seqrshop.storefront.streams import order_reads
from seqrshop.storefront.streams.order_version import OrderVersion
from seqrshop.storefront.streams.stream import Stream
from seqrshop.storefront.streams.stream_acceptor import Subscription
from seqrshop.streaming.event_stream import StreamTimings
from seqrshop.streaming.loops import RETRY_DELAY_SECONDS, StreamLoops
from seqrshop.streaming.open_streams import OpenStreams
from seqrshop.streaming.subscriber import listen

MAX_STREAMS_PER_READER = 3
# Of one process. A process confirms some eleven payments a second (docs/performance.md), and each
# customer then waits for the kitchen: for ten minutes, say.
MAX_STREAMS = 8000
READ_BATCH_SIZE = 100  # orders per query: a larger batch delays its first order
CHANGE_MEMORY_SECONDS = 10.0  # longer than the view of a new stream takes


class StreamBroker:
    """All streams of a process. Used within one event loop."""

    def __init__(self, timings: StreamTimings | None = None) -> None:
        self._timings = timings or StreamTimings()
        self._streams = OpenStreams[UUID, Stream](  # by order
            most=MAX_STREAMS, most_per_reader=MAX_STREAMS_PER_READER
        )
        self._versions: dict[UUID, OrderVersion] = {}  # as published
        self._paused_terminals: frozenset[int] = frozenset()
        self._changed: set[UUID] = set()
        self._has_changed = asyncio.Event()
        self._changed_at: dict[UUID, float] = {}  # oldest first
        self._all_compared_at = 0.0  # the paid orders too
        self._loops = StreamLoops("streams")
        self._is_stopping = False

    def __len__(self) -> int:
        return len(self._streams)

    def start(self) -> None:
        """Start the loops."""
        self._loops.start(
            partial(listen, self.record_change),
            self._publish_changed,
            partial(self._after, self._timings.compare, self._find_lost_changes),
            partial(self._after, self._timings.poller_check, self._check_poller),
        )

    def stop(self) -> None:
        """End all streams; their pages open others, perhaps at another process."""
        self._is_stopping = True
        for stream in self._streams.all():
            stream.end("restart")

    async def close(self) -> None:
        """Stop the loops."""
        await self._loops.close()

    def open_stream(
        self, subscription: Subscription, body: bytes, requested_at: float
    ) -> Stream | None:
        """Open a stream whose first event is `body`, read after `requested_at`.

        Returns None where the process has no room for another. A reader's fourth stream replaces
        the oldest. One of a process that stops ends after that event.
        """
        if self._streams.is_full:
            return None
        stream = Stream(subscription, body, self._timings)
        if self._is_stopping:
            stream.end("restart")
        order = subscription.order
        self._streams.add(order, subscription.reader, stream)
        published = self._versions.setdefault(order, subscription.version)
        if published != subscription.version or self._changed_at.get(order, 0.0) > requested_at:
            self._mark_changed(order)  # since it was read for this stream
        return stream

    def close_stream(self, stream: Stream) -> None:
        """Forget a stream that has ended."""
        order = stream.subscription.order
        self._streams.remove(order, stream.subscription.reader, stream)
        if order not in self._streams:
            self._versions.pop(order, None)

    def record_change(self, order: UUID) -> None:
        """Record that an order has changed, and when: its streams may be about to open."""
        now = self._timings.clock()
        self._changed_at.pop(order, None)
        self._changed_at[order] = now
        while (
            now - self._changed_at[oldest := next(iter(self._changed_at))] > CHANGE_MEMORY_SECONDS
        ):
            del self._changed_at[oldest]
        self._mark_changed(order)

    def _mark_changed(self, order: UUID) -> None:
        if order in self._streams:
            self._changed.add(order)
            self._has_changed.set()

    async def _publish_changed(self) -> None:
        await self._has_changed.wait()
        orders = [self._changed.pop() for _ in range(min(READ_BATCH_SIZE, len(self._changed)))]
        if not self._changed:
            self._has_changed.clear()
        formats = {
            order: {stream.subscription.order_format for stream in self._streams.of(order)}
            for order in orders
            if order in self._streams
        }
        snapshots = await self._loops.from_database(order_reads.read_orders, formats)
        if snapshots is None:
            await asyncio.sleep(RETRY_DELAY_SECONDS)
            for order in orders:
                self._mark_changed(order)
            return
        for order, snapshot in snapshots.items():
            self._publish(order, snapshot)

    def _publish(self, order: UUID, snapshot: order_reads.OrderSnapshot) -> None:
        if order not in self._streams:
            return
        self._versions[order] = snapshot.version
        for stream in self._streams.of(order):
            body = snapshot.bodies.get(stream.subscription.order_format)
            if body is None:  # the stream was opened during the read
                self._mark_changed(order)
            else:
                stream.publish_order(body, snapshot.phase)

    async def _find_lost_changes(self) -> None:
        current = await self._loops.from_database(
            order_reads.read_current_versions, self.orders_to_compare()
        )
        if current is None:
            return
        pause_changed = current.paused_terminals != self._paused_terminals
        self._paused_terminals = current.paused_terminals
        for order, version in current.versions.items():
            if version != self._versions.get(order) or (pause_changed and version.is_unsent):
                self._mark_changed(order)

    def orders_to_compare(self) -> list[UUID]:
        """Return the orders whose payment is awaited; at longer intervals, all of them.

        The paid ones wait for minutes, and so are many times as many.
        """
        now = self._timings.clock()
        if now - self._all_compared_at >= self._timings.kitchen_compare:
            self._all_compared_at = now
            return list(self._streams)
        return [order for order in self._streams if self._versions[order].awaits_payment]

    async def _check_poller(self) -> None:
        shards = {order: version.shard for order, version in self._versions.items()}
        stalled: set[int] | None
        try:
            stalled = await self._loops.in_thread(stalled_shards)
        except RedisError:
            stalled = None  # unknown: treat all as stalled
        for order, shard in shards.items():  # those of paid orders have none
            is_stalled = shard is not None and (stalled is None or shard in stalled)
            for stream in self._streams.of(order):
                stream.publish_poller(is_stalled=is_stalled)

    async def _after(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(seconds)
        if self._streams:
            await work()
