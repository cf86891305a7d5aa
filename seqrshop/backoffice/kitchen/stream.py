"""One screen's stream of a board, and how a view accepts it.

A stream begins as an ordinary request to an ordinary view, whose checks decide who may read the
board. Under a server without streams, the response is the board, and the screen polls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from seqrshop.backoffice.kitchen.board import BoardView
from seqrshop.streaming import STREAM_ACCEPTOR
from seqrshop.streaming.event_stream import EventStream, StreamTimings


@dataclass(frozen=True)
class Reader:
    """Who reads a board: a signed-in session of a person."""

    user_id: int
    session_key: str


@dataclass(frozen=True)
class BoardSubscription:
    """The board that a stream follows, and its reader until the session ends."""

    view: BoardView
    reader: Reader
    session_seconds: float


class BoardStream(EventStream):
    """The events for one screen: the whole board, whenever it has changed.

    A screen that was asleep or offline so needs nothing but the latest event.
    """

    def __init__(
        self, subscription: BoardSubscription, body: bytes, timings: StreamTimings
    ) -> None:
        super().__init__(timings, subscription.session_seconds)
        self.subscription = subscription
        self._last_body = b""
        self.publish_board(body)

    def publish_board(self, body: bytes) -> None:
        """Queue the board unless it is unchanged."""
        if body != self._last_body:
            self._last_body = body
            self.publish("board", body)


def accept_board_stream(request: HttpRequest, view: BoardView) -> None:
    """Subscribe the screen to a board if the server supports streams."""
    subscribe: Callable[[BoardSubscription], None] | None = request.META.get(STREAM_ACCEPTOR)
    session_key = request.session.session_key
    if subscribe is None or request.user.pk is None or session_key is None:
        return
    reader = Reader(request.user.pk, session_key)
    subscribe(BoardSubscription(view, reader, float(request.session.get_expiry_age())))
