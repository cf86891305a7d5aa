"""The boards' streams of one process: how many it opens, what it reads again, and what it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from orders.models import Shop
from orders.services import mark_paused
from seqrshop.backoffice.kitchen import broker, changes
from seqrshop.backoffice.kitchen.board import BoardView
from seqrshop.backoffice.kitchen.broker import MAX_STREAMS_PER_PERSON, BoardBroker
from seqrshop.backoffice.kitchen.stream import BoardStream, BoardSubscription, Reader
from seqrshop.streaming.event_stream import StreamTimings
from seqrshop.streaming.loops import release_connection
from tests.backoffice.kitchen.boards import cook, paid_order
from tests.backoffice.kitchen.test_access import reader_of
from tests.factories import ShopFactory

STALE = b'{"cards": "stale"}'
NEVER_SECONDS = 10_000.0


def subscription(
    shop_id: int = 1, reader: Reader | None = None, session_seconds: float = 3600.0
) -> BoardSubscription:
    return BoardSubscription(
        BoardView(shop_id, "en"), reader or Reader(1, "session"), session_seconds
    )


def open_stream(streams: BoardBroker, *args: Any) -> BoardStream:
    stream = streams.open_stream(subscription(*args), STALE)
    assert stream is not None
    return stream


def next_chunk(stream: BoardStream) -> bytes:
    async def read() -> bytes:
        return await anext(stream.chunks())

    return asyncio.run(read())


def of_person(person: int) -> Reader:
    return Reader(person, f"session {person}")


# --- Limits --------------------------------------------------------------------------------------


def test_stream_begins_with_the_board_that_was_read_for_it() -> None:
    stream = open_stream(BoardBroker())

    assert next_chunk(stream) == b'event: board\ndata: {"cards": "stale"}\n\n'


def test_closed_stream_of_a_person_makes_room_for_another() -> None:
    streams = BoardBroker()
    opened = [open_stream(streams) for _ in range(MAX_STREAMS_PER_PERSON)]
    streams.close_stream(opened[-1])

    open_stream(streams)
    of_other_person = open_stream(streams, 1, of_person(2))

    assert len(streams) == MAX_STREAMS_PER_PERSON + 1
    assert all(b"end" not in next_chunk(each) for each in (*opened, of_other_person))


def test_one_stream_too_many_of_a_person_replaces_the_oldest_at_any_shop() -> None:
    streams = BoardBroker()
    opened = [open_stream(streams, number) for number in range(MAX_STREAMS_PER_PERSON + 1)]

    assert b'event: end\ndata: {"reason": "replaced"}' in next_chunk(opened[0])
    assert all(b"end" not in next_chunk(each) for each in opened[1:])


def test_full_process_opens_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "MAX_STREAMS", 1)
    streams = BoardBroker()
    stream = open_stream(streams)

    assert streams.open_stream(subscription(2, of_person(2)), STALE) is None
    streams.close_stream(stream)
    open_stream(streams, 2, of_person(2))


def test_stopping_process_ends_its_streams_and_those_opened_meanwhile() -> None:
    streams = BoardBroker()
    opened = [open_stream(streams), open_stream(streams, 2)]

    streams.stop()

    opened.append(open_stream(streams))
    assert all(b'event: end\ndata: {"reason": "restart"}' in next_chunk(each) for each in opened)


def test_stream_lasts_no_longer_than_the_session() -> None:
    now = [100.0]
    streams = BoardBroker(StreamTimings(clock=lambda: now[0], lifetime=300.0))
    short, long = (open_stream(streams, 1, None, seconds) for seconds in (60.0, 3600.0))

    now[0] = 161.0

    assert b'event: end\ndata: {"reason": "timeout"}' in next_chunk(short)
    assert b"end" not in next_chunk(long)


# --- Reads ---------------------------------------------------------------------------------------


@asynccontextmanager
async def running(
    compare: float = NEVER_SECONDS, access_check: float = NEVER_SECONDS
) -> AsyncIterator[BoardBroker]:
    """Run the loops of a process, which compares with the database this often."""
    streams = BoardBroker(StreamTimings(compare=compare, access_check=access_check))
    streams.start()
    try:
        async with asyncio.timeout(60):
            yield streams
    finally:
        await streams.close()


class Screen:
    """A screen that follows a stream and keeps its events."""

    def __init__(self, stream: BoardStream) -> None:
        self.events: list[bytes] = []
        self._has_more = asyncio.Event()
        self._task = asyncio.ensure_future(self._follow(stream))

    async def _follow(self, stream: BoardStream) -> None:
        async for chunk in stream.chunks():
            if chunk != b":\n\n":
                self.events.append(chunk)
                self._has_more.set()

    async def wait_for(self, text: bytes) -> list[bytes]:
        """Wait for an event with this text; return all events since the last one waited for."""
        while not any(text in event for event in self.events):
            await self._has_more.wait()
            self._has_more.clear()
        events, self.events = self.events, []
        return events


async def open_screen(streams: BoardBroker, shop: Shop, *args: Any) -> Screen:
    """Open a stream, and wait for the board that is read again for it."""
    screen = Screen(open_stream(streams, shop.pk, *args))
    await screen.wait_for(b"amber_minutes")
    return screen


async def commit(change: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Change the database in another thread."""
    await asyncio.to_thread(release_connection(change), *args, **kwargs)


async def change_boards(minutes: int) -> bytes:
    """Change all boards, which no order shows; return what is then in each board."""
    await commit(Shop.objects.update, kitchen_amber_minutes=minutes)
    return f'"amber_minutes":{minutes}'.encode()


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    return ShopFactory.create()


def test_changed_order_has_the_board_of_its_shop_alone_read_again(shop: Shop) -> None:
    order, of_other = paid_order(shop), paid_order(ShopFactory.create())

    async def scenario() -> None:
        async with running() as streams:
            screen = await open_screen(streams, shop)
            elsewhere = await open_screen(streams, of_other.shop)

            earlier = await change_boards(3)
            streams.record_change(order.public_id)
            await screen.wait_for(earlier)
            later = await change_boards(4)
            streams.record_change(of_other.public_id)

            [event] = await elsewhere.wait_for(later)
            assert earlier not in event
            assert screen.events == []

    asyncio.run(scenario())


def test_all_boards_are_read_after_more_changes_than_are_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "MAX_CHANGED_ORDERS", 2)

    async def scenario() -> None:
        async with running() as streams:
            screen = await open_screen(streams, shop)
            changed = await change_boards(3)

            for _ in range(3):
                streams.record_change(uuid4())

            await screen.wait_for(changed)

    asyncio.run(scenario())


def test_each_change_that_redis_has_lost_is_found_in_the_database(shop: Shop) -> None:
    async def scenario() -> None:
        async with running(compare=0.01) as streams:
            screen = await open_screen(streams, shop)

            for is_paused in (True, False, True):
                await commit(mark_paused, shop, paused=is_paused)
                text = b'"is_paused":true' if is_paused else b'"is_paused":false'
                await screen.wait_for(text)

    asyncio.run(scenario())


def test_stream_of_a_person_who_signs_out_ends_alone(shop: Shop) -> None:
    order, leaving, staying = paid_order(shop), cook(shop), cook(shop)
    readers = [reader_of(client) for client in (leaving, staying)]

    async def scenario() -> None:
        async with running(access_check=0.01) as streams:
            first, second = [await open_screen(streams, shop, each) for each in readers]

            await commit(leaving.logout)
            ended = await first.wait_for(b"end")
            changed = await change_boards(3)
            streams.record_change(order.public_id)

            assert ended == [b'event: end\ndata: {"reason": "signed_out"}\n\n']
            [event] = await second.wait_for(changed)
            assert event.startswith(b"event: board\n")
            assert b"event: end" not in event

    asyncio.run(scenario())


def test_boards_are_read_once_the_database_is_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "RETRY_DELAY_SECONDS", 0.01)
    order = paid_order(shop)
    for name in ("shops_of", "read_boards"):
        read, failures = getattr(changes, name), [OperationalError(), OperationalError()]

        def failing(
            *args: Any, read: Any = read, failures: list[OperationalError] = failures
        ) -> Any:
            if failures:
                raise failures.pop()
            return read(*args)

        monkeypatch.setattr(changes, name, failing)

    async def scenario() -> None:
        async with running() as streams:
            screen = await open_screen(streams, shop)
            changed = await change_boards(3)

            streams.record_change(order.public_id)

            await screen.wait_for(changed)

    asyncio.run(scenario())


def test_orders_that_change_while_the_database_is_away_are_read_with_those_before(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "RETRY_DELAY_SECONDS", 0.01)
    order, of_other = paid_order(shop), paid_order(ShopFactory.create())

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with running() as streams:
            screens = [await open_screen(streams, each.shop) for each in (order, of_other)]
            changed = await change_boards(3)

            read = changes.shops_of

            def away(*_args: Any) -> None:
                monkeypatch.setattr(changes, "shops_of", read)
                loop.call_soon_threadsafe(streams.record_change, of_other.public_id)
                raise OperationalError

            monkeypatch.setattr(changes, "shops_of", away)
            streams.record_change(order.public_id)

            for screen in screens:
                await screen.wait_for(changed)

    asyncio.run(scenario())
