"""A request's body, read whole before a thread is given to the request.

So a body that drips holds no thread. It is bounded in size and time before it is kept.
"""

import asyncio

from seqrshop.serving.asgi_types import Receive, Scope

LARGEST = 128 * 1024  # bytes; twice what a view takes, so that it is the view which refuses
LARGEST_UPLOAD = 32 * 1024 * 1024  # in the admin: a few pictures at once
UPLOADS_TO = "/admin/"
MOST_UPLOADED = 96 * 1024 * 1024  # bytes of such bodies at a time, in one process
SECONDS = 60.0


class Gone(Exception):
    """Whoever asked has hung up."""


class NotRead(Exception):
    """The body is not to be had; `status` tells why, as HTTP numbers it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The body was not read: {status}.")
        self.status = status


class Bodies:
    """Reads bodies, and knows how much of them is kept just now."""

    def __init__(self) -> None:
        self.uploaded = 0

    async def read(self, scope: Scope, receive: Receive) -> tuple[bytes, int]:
        """Return a body and the length that it says it has, which may be more than is kept.

        What is too long is not kept at all. Raises Gone, NotRead.
        """
        declared = _declared(scope)
        most = LARGEST_UPLOAD if scope["path"].startswith(UPLOADS_TO) else LARGEST
        if declared > most:
            return b"", declared
        try:
            async with asyncio.timeout(SECONDS):
                return await self._read(receive, most)
        except TimeoutError:
            raise NotRead(408) from None

    async def _read(self, receive: Receive, most: int) -> tuple[bytes, int]:
        parts: list[bytes] = []
        length = 0
        counted = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                parts.append(message.get("body", b""))
                length += len(parts[-1])
                if length > most:
                    return b"", length
                if length > LARGEST:
                    self.uploaded += length - max(counted, LARGEST)
                    counted = length
                    if self.uploaded > MOST_UPLOADED:
                        raise NotRead(503)
                if not message.get("more_body", False):
                    return b"".join(parts), length
        finally:
            self.uploaded -= max(0, counted - LARGEST)


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
