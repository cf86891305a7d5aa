"""The streams of one process: how many it opens for a reader and in all, and which it forgets."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from seqrshop.storefront.streams import Stream, StreamBroker, StreamTimings, broker
from seqrshop.storefront.streams.order_version import OrderVersion
from seqrshop.storefront.streams.stream_acceptor import OrderFormat, Subscription
from seqrshop.storefront.tracking import Phase

READ_AT = 0.0
REPLACED = b'event: end\ndata: {"reason": "replaced"}'


def subscription(reader: str, order: UUID | None = None, state: str = "created") -> Subscription:
    version = OrderVersion(state, (), frozenset())
    return Subscription(
        order or uuid4(),
        OrderFormat("order", "en"),
        reader,
        version,
        phase=Phase.PAYMENT if state == "created" else Phase.KITCHEN,
        session_seconds=None,
    )


def open_stream(streams: StreamBroker, reader: str = "customer 1") -> Stream:
    stream = streams.open_stream(subscription(reader), b"{}", READ_AT)
    assert stream is not None
    return stream


def next_chunk(stream: Stream) -> bytes:
    async def read() -> bytes:
        return await anext(stream.chunks())

    return asyncio.run(read())


def test_limit_of_a_reader_counts_the_streams_left_after_one_has_closed() -> None:
    streams = StreamBroker()
    first, second, third = (open_stream(streams) for _ in range(3))
    streams.close_stream(third)

    fourth, fifth = open_stream(streams), open_stream(streams)

    assert REPLACED in next_chunk(first)
    for stream in (second, fourth, fifth):
        assert REPLACED not in next_chunk(stream)


def test_closed_stream_of_a_reader_makes_room_for_another() -> None:
    streams = StreamBroker()
    first, second, third = (open_stream(streams) for _ in range(3))
    for stream in (first, second, third):
        streams.close_stream(stream)

    others = [open_stream(streams) for _ in range(3)]

    assert all(REPLACED not in next_chunk(stream) for stream in others)
    assert len(streams) == 3


def test_readers_have_their_streams_each() -> None:
    streams = StreamBroker()
    for _ in range(3):
        open_stream(streams, "customer 1")
    other = open_stream(streams, "customer 2")

    open_stream(streams, "customer 1")

    assert REPLACED not in next_chunk(other)


def test_streams_of_one_order_end_one_by_one() -> None:
    streams, order = StreamBroker(), uuid4()
    first, second = (
        streams.open_stream(subscription(reader, order), b"{}", READ_AT)
        for reader in ("customer 1", "customer 2")
    )
    assert first is not None
    assert second is not None

    streams.close_stream(first)

    assert len(streams) == 1
    streams.stop()
    assert b'"restart"' in next_chunk(second)
    assert b'"restart"' not in next_chunk(first)


def test_full_process_opens_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "MAX_STREAMS", 1)
    streams = StreamBroker()
    stream = open_stream(streams)

    assert streams.open_stream(subscription("customer 2"), b"{}", READ_AT) is None
    streams.close_stream(stream)
    open_stream(streams)


def test_stream_of_a_stopping_process_has_the_order_and_sends_its_page_to_another() -> None:
    streams = StreamBroker()
    streams.stop()

    opened = streams.open_stream(subscription("customer 2"), b'{"number": 1001}', READ_AT)

    assert opened is not None
    assert next_chunk(opened) == (
        b'event: order\ndata: {"number": 1001}\n\nevent: end\ndata: {"reason": "restart"}\n\n'
    )
    streams.close_stream(opened)
    assert len(streams) == 0


def test_paid_orders_are_compared_with_the_database_more_rarely_than_unpaid_ones() -> None:
    now = [100.0]
    streams = StreamBroker(StreamTimings(clock=lambda: now[0]))
    unpaid, paid = uuid4(), uuid4()
    for order, state in ((unpaid, "created"), (paid, "preparing")):
        streams.open_stream(subscription("customer 1", order, state), b"{}", READ_AT)

    compared = []
    for now[0] in (100.0, 102.0, 109.9, 110.0, 112.0):
        compared.append(set(streams.orders_to_compare()))

    both = {unpaid, paid}
    assert compared == [both, {unpaid}, {unpaid}, both, {unpaid}]
