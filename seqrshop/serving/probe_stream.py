"""A stream about nothing, by which `manage.py doctor` sees whether a proxy holds events back.

Its first event is sent at once, and the last one PROBE_SECONDS later: a proxy that buffers passes
on both together.
"""

from __future__ import annotations

from http import HTTPStatus

from seqrshop.serving.asgi_types import Message
from seqrshop.serving.static_files import common_headers
from seqrshop.streaming.event_stream import EventStream, StreamTimings

PROBE_SECONDS = 2.0
MAX_OPEN_PROBES = 20  # of one process: anybody may open one


class ProbeStreams:
    """The open probes of a process, at most MAX_OPEN_PROBES. Used within one event loop."""

    def __init__(self) -> None:
        self._open = 0
        self._headers = [*common_headers(), (b"cache-control", b"no-store")]

    @property
    def is_full(self) -> bool:
        """Whether the process has no room for another probe."""
        return self._open >= MAX_OPEN_PROBES

    def __enter__(self) -> EventStream:
        """Open a probe, whose first event is pending."""
        self._open += 1
        stream = EventStream(StreamTimings(lifetime=PROBE_SECONDS, keepalive=PROBE_SECONDS), None)
        stream.publish("probe", b"{}")
        return stream

    def __exit__(self, *_error: object) -> None:
        self._open -= 1

    def start(self, stream_headers: list[tuple[bytes, bytes]]) -> Message:
        """Return the start of the response."""
        return {
            "type": "http.response.start",
            "status": HTTPStatus.OK,
            "headers": self._headers + stream_headers,
        }
