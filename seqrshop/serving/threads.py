"""Runs a WSGI application in threads beside an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from threading import BoundedSemaphore
from typing import Any

from seqrshop.serving.asgi_types import Headers, Message, Receive, Send
from seqrshop.serving.lanes import Overloaded, Seat

MAX_BUFFERED_BYTES = 256 * 1024  # a shorter response goes to the loop in one piece
MAX_LONG_RESPONSES = 3  # exports, of which each occupies a thread until it has been received

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass
class Response:
    """A response: complete, or its beginning with `rest` still to be generated."""

    status: int
    headers: Headers
    body: bytes
    rest: Iterator[bytes] | None = None
    close: Callable[[], None] = lambda: None

    @property
    def start(self) -> Message:
        """The message that starts the response."""
        return {"type": "http.response.start", "status": self.status, "headers": self.headers}


class WsgiThreads:
    """The WSGI application, run in the threads of lanes."""

    def __init__(self, application: Wsgi) -> None:
        self._application = application
        self._long_responses = BoundedSemaphore(MAX_LONG_RESPONSES)

    async def call(self, seat: Seat, environ: dict[str, Any]) -> Response:
        """Return the response to a request whose response is short. Raises Overloaded."""
        return await seat.run(self.call_here, environ)

    async def respond(
        self, seat: Seat, environ: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        """Send the response to a request. A long one is generated as fast as it is received.

        It occupies its thread, so a process sends few of them at once. Raises Overloaded, before
        anything is sent.
        """
        loop = asyncio.get_running_loop()

        def work() -> Response:
            response = self.call_here(environ)
            if response.rest is not None:
                self._send_long(response, loop, receive, send)
            return response

        response = await seat.run(work)
        if response.rest is None:
            await send_whole(response, send)
        else:
            await send({"type": "http.response.body", "body": b""})

    def _send_long(
        self, response: Response, loop: asyncio.AbstractEventLoop, receive: Receive, send: Send
    ) -> None:
        if not self._long_responses.acquire(blocking=False):
            response.close()
            raise Overloaded
        try:
            _send_long(response, loop, receive, send)
        finally:
            self._long_responses.release()

    def call_here(self, environ: dict[str, Any]) -> Response:
        """Return the response to a request, in the thread of the caller."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _exc_info: object = None
        ) -> None:
            started.append((status, headers))

        iterable = self._application(environ, start_response)
        close: Callable[[], None] = getattr(iterable, "close", lambda: None)
        rest = iter(iterable)
        body = bytearray()
        try:
            for chunk in rest:
                body += chunk
                if len(body) > MAX_BUFFERED_BYTES:
                    break
        except BaseException:
            close()
            raise
        status, headers = started[-1]
        response = Response(int(status.split(" ", 1)[0]), _encoded(headers), bytes(body))
        if len(body) > MAX_BUFFERED_BYTES:
            response.rest, response.close = rest, close
        else:
            close()
        return response


async def send_whole(response: Response, send: Send) -> None:
    """Send a complete response."""
    await send(response.start)
    await send({"type": "http.response.body", "body": response.body})


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client closes the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _encoded(headers: list[tuple[str, str]]) -> Headers:
    # Django's cookies begin with a space.
    return [(name.encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]


def _send_long(
    response: Response, loop: asyncio.AbstractEventLoop, receive: Receive, send: Send
) -> None:
    """Send a long response from its thread, until the client disconnects."""
    disconnected = asyncio.run_coroutine_threadsafe(wait_for_disconnect(receive), loop)

    async def send_in_loop(message: Message) -> None:
        await send(message)

    def send_and_wait(message: Message) -> None:
        asyncio.run_coroutine_threadsafe(send_in_loop(message), loop).result()

    try:
        send_and_wait(response.start)
        for chunk in chain([response.body], response.rest or ()):
            if disconnected.done():
                return
            send_and_wait({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        disconnected.cancel()
        response.close()
