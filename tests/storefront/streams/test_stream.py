"""One stream's own rules, by a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from seqrshop.storefront.streams import Stream, StreamTimings
from seqrshop.storefront.streams.order_version import OrderVersion
from seqrshop.storefront.streams.stream_acceptor import Form, Subscription


class Page:
    """A page that reads a stream when the test says so, and the clock that the stream goes by."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float | None) -> None:
        self.now = 1000.0
        self._loop = loop
        mark = OrderVersion("created", frozenset())
        form = Form("order", "en")
        follower = Subscription(
            uuid4(), form, "customer 1", mark, is_settled=False, seconds=seconds
        )
        pace = StreamTimings(beat=0.01, clock=lambda: self.now)
        self.stream = Stream(follower, b'{"state": "created"}', pace)
        self._chunks = self.stream.chunks()

    def read(self, at: float) -> bytes:
        """Return what the stream gives at this time, b"" after its end."""

        async def next_chunk() -> bytes:
            return await anext(self._chunks, b"")

        self.now = at
        return self._loop.run_until_complete(next_chunk())


@pytest.fixture
def page() -> Iterator[Callable[..., Page]]:
    """Open pages: page(seconds=60), of a visit that lasts so long."""
    with asyncio.Runner() as runner:
        yield lambda seconds=None: Page(runner.get_loop(), seconds)


BEGINNING = b'event: order\ndata: {"state": "created"}\n\n'
SIGN_OF_LIFE = b":\n\n"
ASLEEP = b'event: poller\ndata: {"stalled": true}\n\n'
TIME_IS_OVER = b'event: end\ndata: {"reason": "timeout"}\n\n'


def test_a_stream_ends_after_five_minutes_and_says_so(page: Callable[..., Page]) -> None:
    opened = page()

    told = [opened.read(at) for at in (1000, 1299, 1300, 1300)]

    assert told == [BEGINNING, SIGN_OF_LIFE, TIME_IS_OVER, b""]


def test_a_stream_ends_with_its_customers_visit(page: Callable[..., Page]) -> None:
    opened = page(seconds=60)

    told = [opened.read(at) for at in (1000, 1059, 1060)]

    assert told == [BEGINNING, SIGN_OF_LIFE, TIME_IS_OVER]


def test_a_page_that_reads_slowly_is_told_the_last_change_alone(page: Callable[..., Page]) -> None:
    slow = page()

    for number in range(1000):
        slow.stream.tell_order(b'{"number": %d}' % number, is_settled=False)
    slow.stream.tell_order(b'{"state": "paid"}', is_settled=True)

    assert slow.read(1000) == (
        b'event: order\ndata: {"state": "paid"}\n\nevent: end\ndata: {"reason": "final"}\n\n'
    )


def test_what_was_told_last_is_not_told_again(page: Callable[..., Page]) -> None:
    opened = page()
    assert opened.read(1000) == BEGINNING

    opened.stream.tell_order(b'{"state": "created"}', is_settled=False)

    assert opened.read(1000) == SIGN_OF_LIFE


def test_a_poller_that_goes_on_sleeping_is_told_every_three_seconds(
    page: Callable[..., Page],
) -> None:
    opened = page()
    opened.read(1000)

    told = []
    for at in range(1000, 1007):
        opened.now = at
        opened.stream.tell_poller(is_asleep=True)
        told.append(opened.read(at) == ASLEEP)

    assert told == [True, False, False, True, False, False, True]
