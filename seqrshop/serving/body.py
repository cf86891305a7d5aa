"""Receives a request's body before the request gets a thread, bounded in size and time.

So a client that sends its body slowly occupies no thread.
"""

import asyncio

from seqrshop.serving.asgi_types import Receive, Scope

MAX_BODY_BYTES = 128 * 1024  # twice the API's own limit, so that the view rejects the body
UPLOAD_PATH = "/admin/"
MAX_UPLOAD_BYTES = 32 * 1024 * 1024  # a few pictures in one form
MAX_CONCURRENT_UPLOAD_BYTES = 96 * 1024 * 1024  # in one process, beyond MAX_BODY_BYTES of each
RECEIVE_TIMEOUT_SECONDS = 60.0


class ClientDisconnected(Exception):
    """The client has closed the connection."""


class BodyNotReceived(Exception):
    """The body was not received; `status` is the HTTP status to respond with."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The body was not received: {status}.")
        self.status = status


class BodyReader:
    """Receives bodies, and limits the memory that large ones take together."""

    def __init__(self) -> None:
        self.upload_bytes = 0

    async def read(self, scope: Scope, receive: Receive) -> tuple[bytes, int]:
        """Return a body and its length. Of a body that is too long, returns the length only.

        Raises ClientDisconnected, BodyNotReceived.
        """
        max_bytes = MAX_UPLOAD_BYTES if scope["path"].startswith(UPLOAD_PATH) else MAX_BODY_BYTES
        declared = _content_length(scope)
        if declared > max_bytes:
            return b"", declared
        try:
            async with asyncio.timeout(RECEIVE_TIMEOUT_SECONDS):
                return await self._receive(receive, max_bytes)
        except TimeoutError:
            raise BodyNotReceived(408) from None

    async def _receive(self, receive: Receive, max_bytes: int) -> tuple[bytes, int]:
        chunks: list[bytes] = []
        length = upload_bytes = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnected
                chunks.append(message.get("body", b""))
                length += len(chunks[-1])
                if length > max_bytes:
                    return b"", length
                added = max(0, length - MAX_BODY_BYTES) - upload_bytes
                upload_bytes += added
                self.upload_bytes += added
                if added and self.upload_bytes > MAX_CONCURRENT_UPLOAD_BYTES:
                    raise BodyNotReceived(503)
                if not message.get("more_body", False):
                    return b"".join(chunks), length
        finally:
            self.upload_bytes -= upload_bytes


def _content_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
