"""The events of one stream, with a clock that the test sets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from seqrshop.storefront.streams import Stream, StreamTimings
from seqrshop.storefront.streams.order_version import OrderVersion
from seqrshop.storefront.streams.stream_acceptor import OrderFormat, Subscription
from seqrshop.storefront.tracking import Phase

START = 1000.0
FIRST_EVENT = b'event: order\ndata: {"state": "created"}\n\n'
KEEPALIVE = b":\n\n"
STALLED = b'event: poller\ndata: {"stalled": true}\n\n'
TIMEOUT = b'event: end\ndata: {"reason": "timeout"}\n\n'


class Page:
    """A page that reads its stream when the test says so."""

    def __init__(self, loop: asyncio.AbstractEventLoop, session_seconds: float | None) -> None:
        self.now = START
        self._loop = loop
        subscription = Subscription(
            uuid4(),
            OrderFormat("order", "en"),
            "customer 1",
            OrderVersion("created", (), frozenset()),
            phase=Phase.PAYMENT,
            session_seconds=session_seconds,
        )
        timings = StreamTimings(keepalive=0.01, kitchen_keepalive=0.02, clock=lambda: self.now)
        self.stream = Stream(subscription, b'{"state": "created"}', timings)
        self._chunks = self.stream.chunks()

    def read(self, at: float = START) -> bytes:
        """Return the next chunk at this time, or b"" after the end."""

        async def next_chunk() -> bytes:
            return await anext(self._chunks, b"")

        self.now = at
        return self._loop.run_until_complete(next_chunk())


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page() -> Iterator[OpenPage]:
    with asyncio.Runner() as runner:
        yield lambda session_seconds=None: Page(runner.get_loop(), session_seconds)


def test_stream_ends_with_timeout_after_five_minutes(open_page: OpenPage) -> None:
    page = open_page()

    chunks = [page.read(at) for at in (1000, 1299, 1300, 1300)]

    assert chunks == [FIRST_EVENT, KEEPALIVE, TIMEOUT, b""]


def test_stream_ends_when_session_expires(open_page: OpenPage) -> None:
    page = open_page(session_seconds=60)

    chunks = [page.read(at) for at in (1000, 1059, 1060)]

    assert chunks == [FIRST_EVENT, KEEPALIVE, TIMEOUT]


def test_stream_whose_last_timer_fires_early_ends_without_another_keepalive(
    open_page: OpenPage,
) -> None:
    page = open_page()

    chunks = [page.read(at) for at in (1000, 1299.9995)]

    assert chunks == [FIRST_EVENT, TIMEOUT]


def test_slow_reader_receives_latest_change_only(open_page: OpenPage) -> None:
    page = open_page()

    for number in range(1000):
        page.stream.publish_order(b'{"number": %d}' % number, Phase.PAYMENT)
    page.stream.publish_order(b'{"state": "refunded"}', Phase.FINAL)

    assert page.read() == (
        b'event: order\ndata: {"state": "refunded"}\n\nevent: end\ndata: {"reason": "final"}\n\n'
    )


def test_unchanged_order_is_not_sent_again(open_page: OpenPage) -> None:
    page = open_page()
    assert page.read() == FIRST_EVENT

    page.stream.publish_order(b'{"state": "created"}', Phase.PAYMENT)

    assert page.read() == KEEPALIVE


@pytest.mark.parametrize(("phase", "reason"), [(Phase.RARE, b'"slow"'), (Phase.FINAL, b'"final"')])
def test_stream_of_an_order_that_will_not_change_soon_ends(
    open_page: OpenPage, phase: Phase, reason: bytes
) -> None:
    page = open_page()

    page.stream.publish_order(b"{}", phase)

    assert page.read() == b'event: order\ndata: {}\n\nevent: end\ndata: {"reason": %b}\n\n' % reason
    assert page.read() == b""


def test_stream_of_a_paid_order_stays_open_and_is_kept_alive_more_rarely(
    open_page: OpenPage,
) -> None:
    page = open_page()
    waiting_to_be_paid = page.stream.keepalive

    page.stream.publish_order(b"{}", Phase.KITCHEN)

    assert page.read() == b"event: order\ndata: {}\n\n"
    assert (waiting_to_be_paid, page.stream.keepalive) == (0.01, 0.02)
    assert page.read() == KEEPALIVE


def test_stalled_poller_is_reported_every_three_seconds(open_page: OpenPage) -> None:
    page = open_page()
    page.read()

    reported = []
    for at in range(1000, 1007):
        page.now = at
        page.stream.publish_poller(is_stalled=True)
        reported.append(page.read(at) == STALLED)

    assert reported == [True, False, False, True, False, False, True]
