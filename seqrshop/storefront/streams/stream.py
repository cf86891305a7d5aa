"""One stream of an order: its events and its end."""

from __future__ import annotations

from collections.abc import Mapping

from seqrshop.storefront.streams.stream_acceptor import Subscription
from seqrshop.storefront.tracking import Phase
from seqrshop.streaming.event_stream import EventStream, StreamTimings

# Why a stream ends, by the order's phase. Its page acts on the reason.
END_REASONS: Mapping[Phase, str] = {Phase.RARE: "slow", Phase.FINAL: "final"}


class Stream(EventStream):
    """The events for one page of a customer."""

    def __init__(self, subscription: Subscription, body: bytes, timings: StreamTimings) -> None:
        super().__init__(timings, subscription.session_seconds or None)
        self.subscription = subscription
        self._last_body = b""
        self._stalled_at: float | None = None  # of the last event that says so
        self.publish_order(body, subscription.phase)

    def publish_order(self, body: bytes, phase: Phase) -> None:
        """Queue the order unless it is unchanged; end the stream unless it will change soon."""
        if body != self._last_body:
            self._last_body = body
            self.publish("order", body)
        if phase == Phase.KITCHEN:
            self.keepalive = self._timings.kitchen_keepalive
        if reason := END_REASONS.get(phase):
            self.end(reason)

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
