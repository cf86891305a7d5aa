"""One stream of an order: its events and its end."""

from __future__ import annotations

from seqrshop.storefront.streams.stream_acceptor import Subscription
from seqrshop.streaming.event_stream import EventStream, StreamTimings


class Stream(EventStream):
    """The events for one page of a customer."""

    def __init__(self, subscription: Subscription, body: bytes, timings: StreamTimings) -> None:
        super().__init__(timings, subscription.session_seconds or None)
        self.subscription = subscription
        self._last_body = b""
        self._stalled_at: float | None = None  # of the last event that says so
        self.publish_order(body, is_final=subscription.is_final)

    def publish_order(self, body: bytes, *, is_final: bool) -> None:
        """Queue the order unless it is unchanged; end the stream with a final one."""
        if body != self._last_body:
            self._last_body = body
            self.publish("order", body)
        if is_final:
            self.end("final")

    def publish_poller(self, *, is_stalled: bool) -> None:
        """Queue that the order's poller shard is stalled, repeatedly, or that it is live again."""
        now = self._timings.clock()
        if not is_stalled:
            if self._stalled_at is not None:
                self.publish("poller", b'{"stalled": false}')
            self._stalled_at = None
        elif self._stalled_at is None or now - self._stalled_at >= self._timings.stalled_repeat:
            self._stalled_at = now
            self.publish("poller", b'{"stalled": true}')
