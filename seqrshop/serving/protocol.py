"""HTTP connections with deadlines and limits: uvicorn's protocol, for clients that mean harm.

uvicorn uses it by `--http seqrshop.serving.protocol:BoundedProtocol`. No limit needs a proxy.
"""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from seqrshop.serving.connections import CONNECTIONS, SEND_TIMEOUT_SECONDS

MAX_TARGET_BYTES = 8 * 1024  # of the path and the query
# Of all that is received beside a body that is wanted: a head, requests that are sent before the
# response to an earlier one. Counted by reads, which have at most 256 KB each.
MAX_HEAD_BYTES = 32 * 1024
# Of the rest of a body that was refused, so that 413 arrives: more than the largest form of the
# staff's pages.
MAX_DISCARDED_BYTES = 2 * 1024 * 1024
RETRY_SECONDS = 2


class BoundedProtocol(HttpToolsProtocol):
    """One connection, whose client has the limits of `connections`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place among the connections, or refuse this one."""
        super().connection_made(transport)
        self.is_awaiting_head = True  # or its first byte
        self.taken_at = self.loop.time()  # when the client last took what it was sent
        self._excess_bytes = 0
        self._running: RequestResponseCycle | None = None
        _configure(transport.get_extra_info("socket"))
        if not CONNECTIONS.admit(self):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    @property
    def address(self) -> str:
        """The address of the peer: the client, or one of the shop's proxies."""
        return self.client[0] if self.client else ""

    def drop(self) -> None:
        """Close the connection at once, whatever is still to be sent."""
        self._end_requests()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Free the place of the connection."""
        CONNECTIONS.forget(self)
        self._end_requests()
        super().connection_lost(exc)

    def _end_requests(self) -> None:
        """Let the request in progress end, and start none of those that were sent in advance.

        uvicorn ends only the request that arrived last; the others' responses would raise errors.
        """
        self.pipeline.clear()
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()
            self.flow.resume_writing()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, within the limits."""
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if not self._is_receiving_body():
            self._excess_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.cycle.keep_alive = False  # it is answered as any other request
        except httptools.HttpParserError:  # also a Content-Length beside a Transfer-Encoding
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        self._bound_excess()

    def _bound_excess(self) -> None:
        if self._is_discarding_body():
            if self._excess_bytes > MAX_DISCARDED_BYTES:
                self.drop()
        elif self._excess_bytes > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _is_receiving_body(self) -> bool:
        return self.cycle is not None and self.cycle.more_body and not self.cycle.response_complete

    def _is_discarding_body(self) -> bool:
        return self.cycle is not None and self.cycle.more_body and self.cycle.response_complete

    def on_url(self, url: bytes) -> None:
        """Collect the target of the request, up to its limit."""
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_headers_complete(self) -> None:
        """Start the request, or queue it behind the one in progress."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.is_awaiting_head = False
            self._excess_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Collect the body of a request that was not refused."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the client no more: its request is complete."""
        if self.transport.is_closing():
            return
        if self.cycle.response_complete:
            self.cycle.more_body = False  # the rest of a refused body has been discarded
        super().on_message_complete()
        if not self.is_awaiting_head:
            CONNECTIONS.stop_waiting(self)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._excess_bytes = 0
        if not self.pipeline and not self.transport.is_closing():
            self.is_awaiting_head = True
            CONNECTIONS.start_waiting(self)

    def pause_writing(self) -> None:
        """Wait for the client, which takes less than it is sent."""
        super().pause_writing()
        CONNECTIONS.start_waiting(self)

    def resume_writing(self) -> None:
        """Continue with the response."""
        super().resume_writing()
        self.taken_at = self.loop.time()
        if not self.is_awaiting_head:
            CONNECTIONS.stop_waiting(self)

    def _refuse(self, status: HTTPStatus) -> None:
        """Respond without the application, and close the connection.

        While another request is in progress the client gets nothing: it would take this response
        for that request's.
        """
        if self.cycle is not None and not self.cycle.response_complete:
            self.drop()
            return
        body = status.phrase.encode()
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            lines.append(f"Retry-After: {RETRY_SECONDS}")
        self.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        self.transport.close()


def _configure(sock: Any) -> None:
    """Send each response at once, and let the kernel end a connection whose peer takes nothing.

    A listening socket that several workers share is created without naming TCP, and asyncio then
    leaves TCP_NODELAY unset: on a connection that is kept alive, each response waited 40 ms for the
    acknowledgement of the one before.
    """
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        milliseconds = int(SEND_TIMEOUT_SECONDS * 1000)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
