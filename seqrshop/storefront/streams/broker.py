"""Who follows what in this process, and the loops that keep them told."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError
from redis.exceptions import RedisError

from payments.polling.liveness import stalled_shards
from seqrshop.storefront.streams import order_reads
from seqrshop.storefront.streams.order_version import OrderVersion
from seqrshop.storefront.streams.stream import Stream, StreamTimings
from seqrshop.storefront.streams.stream_acceptor import Subscription
from seqrshop.storefront.streams.subscriber import listen

logger = logging.getLogger(__name__)

MOST_OF_A_READER = 3
MOST = 5000  # in one process
AT_A_TIME = 100  # orders read by one query: more would keep the first of them waiting
REMEMBERED_SECONDS = 10.0  # longer than it takes to answer the request that a stream begins with
AGAIN_SECONDS = 1.0  # after the database was away

P = ParamSpec("P")
T = TypeVar("T")


class StreamBroker:
    """All streams of a process. To be used within one event loop."""

    def __init__(self, pace: StreamTimings | None = None) -> None:
        self._pace = pace or StreamTimings()
        self._streams: dict[UUID, set[Stream]] = defaultdict(set)  # by the order followed
        self._of_reader: dict[str, deque[Stream]] = defaultdict(deque)
        self._marks: dict[UUID, OrderVersion] = {}  # of what was told
        self._paying_is_closed = False
        self._changed: set[UUID] = set()
        self._has_changed = asyncio.Event()
        self._heard_at: dict[UUID, float] = {}
        self._threads = ThreadPoolExecutor(3, thread_name_prefix="streams")
        self._loops: list[asyncio.Task[None]] = []
        self.is_stopping = False

    def __len__(self) -> int:
        return sum(map(len, self._streams.values()))

    def start(self) -> None:
        """Begin to listen and to compare."""
        for loop in (
            _for_ever(partial(listen, self.hear)),
            _for_ever(self._read_changed),
            _for_ever(partial(self._after, self._pace.compare, self._compare)),
            _for_ever(partial(self._after, self._pace.look, self._look_at_poller)),
        ):
            self._loops.append(asyncio.create_task(loop))

    def stop(self) -> None:
        """End all streams; their pages open others, at another process perhaps."""
        self.is_stopping = True
        for streams in self._streams.values():
            for stream in streams:
                stream.end("restart")

    async def close(self) -> None:
        """End the loops."""
        for loop in self._loops:
            loop.cancel()
        for loop in self._loops:
            with suppress(asyncio.CancelledError):
                await loop
        self._threads.shutdown(wait=False, cancel_futures=True)

    def join(self, follower: Subscription, body: bytes, asked_at: float) -> Stream | None:
        """Open a stream that begins with this body, read after `asked_at`; None: there is no room.

        A reader's oldest stream gives way to a fourth one. It may be that of a page which is gone
        without our knowing it, and the newest page is the one that is looked at.
        """
        if self.is_stopping or len(self) >= MOST:
            return None
        stream = Stream(follower, body, self._pace)
        others = self._of_reader[follower.reader]
        if len(others) >= MOST_OF_A_READER:
            others.popleft().end("replaced")
        others.append(stream)
        self._streams[follower.order].add(stream)
        told_others = self._marks.setdefault(follower.order, follower.mark)
        if told_others != follower.mark or self._heard_at.get(follower.order, 0.0) > asked_at:
            self._change(follower.order)  # since it was read for this stream
        return stream

    def leave(self, stream: Stream) -> None:
        """Forget a stream that has ended."""
        order, reader = stream.follower.order, stream.follower.reader
        self._streams[order].discard(stream)
        if not self._streams[order]:
            del self._streams[order]
            self._marks.pop(order, None)
        others = self._of_reader[reader]
        with suppress(ValueError):
            others.remove(stream)
        if not others:
            del self._of_reader[reader]

    def hear(self, order: UUID) -> None:
        """Take note that an order has changed."""
        now = self._pace.clock()
        self._heard_at.pop(order, None)
        self._heard_at[order] = now
        while now - self._heard_at[first := next(iter(self._heard_at))] > REMEMBERED_SECONDS:
            del self._heard_at[first]
        self._change(order)

    def _change(self, order: UUID) -> None:
        if order in self._streams:
            self._changed.add(order)
            self._has_changed.set()

    async def _read_changed(self) -> None:
        await self._has_changed.wait()
        orders = [self._changed.pop() for _ in range(min(AT_A_TIME, len(self._changed)))]
        if not self._changed:
            self._has_changed.clear()
        wanted = {
            order: {stream.follower.form for stream in self._streams[order]}
            for order in orders
            if order in self._streams
        }
        read = await self._from_database(order_reads.read_orders, wanted)
        if read is None:
            await asyncio.sleep(AGAIN_SECONDS)
            for order in orders:
                self._change(order)
            return
        for order, found in read.items():
            self._tell(order, found)

    def _tell(self, order: UUID, read: order_reads.Read) -> None:
        if order not in self._streams:
            return
        self._marks[order] = read.mark
        for stream in self._streams[order]:
            body = read.bodies.get(stream.follower.form)
            if body is None:  # who has joined while it was read
                self._change(order)
            else:
                stream.tell_order(body, is_settled=read.is_settled)

    async def _compare(self) -> None:
        compared = await self._from_database(order_reads.compare, list(self._streams))
        if compared is None:
            return
        words_changed = compared.payments_are_paused != self._paying_is_closed
        self._paying_is_closed = compared.payments_are_paused
        for order, mark in compared.marks.items():
            if mark != self._marks.get(order) or (words_changed and mark.is_unsent):
                self._change(order)

    async def _look_at_poller(self) -> None:
        shards = {order: mark.shard for order, mark in self._marks.items()}
        quiet: set[int] | None
        try:
            quiet = await self._in_thread(stalled_shards)
        except RedisError:
            quiet = None  # nothing is known
        for order, shard in shards.items():
            is_asleep = shard is not None and (quiet is None or shard in quiet)
            for stream in self._streams.get(order, ()):
                stream.tell_poller(is_asleep=is_asleep)

    async def _after(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(seconds)
        if self._streams:
            await work()

    async def _from_database(
        self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        try:
            return await self._in_thread(read, *args, **kwargs)
        except (DatabaseError, InterfaceError) as error:
            logger.error("the database is away: %s", type(error).__name__)
            return None

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            logger.exception("the streams go on after a fault")
            await asyncio.sleep(AGAIN_SECONDS)
