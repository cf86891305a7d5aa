"""Receives a request's body before the request gets a thread, bounded in size, time and memory.

So a client that sends its body slowly occupies no thread. Large bodies are received from signed-in
staff only. What a body takes of a budget is held until the request is answered.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from seqrshop.serving.asgi_types import Receive, Scope

UNCOUNTED_BYTES = 8 * 1024  # of each body: an order of a hundred rows has 4 KB
MAX_BODY_BYTES = 128 * 1024  # twice the API's own limit
MAX_CONCURRENT_BODY_BYTES = 32 * 1024 * 1024  # in one process, of bodies from anybody
BODY_TIMEOUT_SECONDS = 20.0

STAFF_PATH = "/admin/"
UPLOAD_PATHS = ("/admin/orders/product/", "/admin/orders/shop/")  # pictures, and menus
MAX_FORM_BYTES = 1280 * 1024  # Django's own limit of a form is 1 MB
MAX_UPLOAD_BYTES = 32 * 1024 * 1024  # a few pictures in one form
MAX_CONCURRENT_UPLOAD_BYTES = 96 * 1024 * 1024  # in one process, of bodies from staff
MAX_CONCURRENT_UPLOAD_BYTES_PER_PERSON = 32 * 1024 * 1024  # so that one leaves room for another
UPLOAD_TIMEOUT_SECONDS = 60.0

FindPerson = Callable[[], Awaitable[str | None]]


class ClientDisconnected(Exception):
    """The client has closed the connection."""


class BodyNotReceived(Exception):
    """The body was not received; `status` is the HTTP status to respond with."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The body was not received: {status}.")
        self.status = status


@dataclass
class Budget:
    """The memory that bodies may take together, and what each of their senders takes."""

    max_bytes: int
    max_bytes_per_sender: int
    used_bytes: int = 0

    def __post_init__(self) -> None:
        self._of_sender: Counter[str] = Counter()

    def take(self, sender: str, size: int) -> None:
        """Take so many bytes. Raises BodyNotReceived where they are not free."""
        if (
            self.used_bytes + size > self.max_bytes
            or self._of_sender[sender] + size > self.max_bytes_per_sender
        ):
            raise BodyNotReceived(503)
        self.used_bytes += size
        self._of_sender[sender] += size

    def release(self, sender: str, size: int) -> None:
        """Free so many bytes."""
        self.used_bytes -= size
        self._of_sender[sender] -= size
        if not self._of_sender[sender]:
            del self._of_sender[sender]


class BodyReader:
    """Receives bodies, and holds the budgets of their memory."""

    def __init__(self) -> None:
        half = MAX_CONCURRENT_BODY_BYTES // 2
        self.anybody = Budget(MAX_CONCURRENT_BODY_BYTES, half)
        self.staff = Budget(MAX_CONCURRENT_UPLOAD_BYTES, MAX_CONCURRENT_UPLOAD_BYTES_PER_PERSON)

    def open(self, scope: Scope, receive: Receive, address: str, find_person: FindPerson) -> Body:
        """Return the body of a request, which is still to be received.

        `find_person` returns who is signed in as staff, or None. A large body calls it.
        """
        return Body(self, scope, receive, address, find_person)


class Body:
    """The body of one request. Leaving it as a context manager frees its memory's budget."""

    def __init__(
        self,
        reader: BodyReader,
        scope: Scope,
        receive: Receive,
        address: str,
        find_person: FindPerson,
    ) -> None:
        self._reader = reader
        self._path: str = scope["path"]
        self._declared = _content_length(scope)
        self._receive = receive
        self._find_person = find_person
        self._budget, self._sender = reader.anybody, address
        self._max_bytes = MAX_BODY_BYTES
        self._taken = 0

    async def read(self) -> bytes:
        """Return the body. Raises ClientDisconnected, BodyNotReceived."""
        try:
            async with asyncio.timeout(BODY_TIMEOUT_SECONDS) as timeout:
                if self._declared > MAX_BODY_BYTES:
                    await self._widen(timeout)
                if self._declared > self._max_bytes:
                    raise BodyNotReceived(413)
                return await self._read(timeout)
        except TimeoutError:
            raise BodyNotReceived(408) from None

    async def _read(self, timeout: asyncio.Timeout) -> bytes:
        content = bytearray()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            content += message.get("body", b"")
            if len(content) > self._max_bytes == MAX_BODY_BYTES:
                await self._widen(timeout)
            if len(content) > self._max_bytes:
                raise BodyNotReceived(413)
            self._take(len(content))
            if not message.get("more_body", False):
                return bytes(content)

    async def _widen(self, timeout: asyncio.Timeout) -> None:
        """Let a person of the staff send more, for longer, from the staff's budget."""
        if not self._path.startswith(STAFF_PATH):
            return
        person = await self._find_person()
        if person is None:
            return
        self._free()
        self._budget, self._sender = self._reader.staff, person
        self._max_bytes = (
            MAX_UPLOAD_BYTES if self._path.startswith(UPLOAD_PATHS) else MAX_FORM_BYTES
        )
        timeout.reschedule(asyncio.get_running_loop().time() + UPLOAD_TIMEOUT_SECONDS)

    def _take(self, length: int) -> None:
        size = max(0, length - UNCOUNTED_BYTES) - self._taken
        if size > 0:
            self._budget.take(self._sender, size)
            self._taken += size

    def _free(self) -> None:
        if self._taken:
            self._budget.release(self._sender, self._taken)
            self._taken = 0

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_error: object) -> None:
        self._free()


def _content_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
