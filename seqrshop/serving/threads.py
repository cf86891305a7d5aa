"""Runs a WSGI application in a bounded number of threads beside an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass
from itertools import chain
from typing import Any

from seqrshop.serving.asgi_types import Headers, Message, Receive, Send

MAX_BUFFERED_BYTES = 256 * 1024  # a shorter response goes to the loop in one piece

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
    """The WSGI application and its threads."""

    def __init__(self, application: Wsgi, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="web")

    async def call(self, environ: dict[str, Any]) -> Response:
        """Return the response to a request whose response is short."""
        return await self._in_thread(self._call, environ)

    async def respond(self, environ: dict[str, Any], receive: Receive, send: Send) -> None:
        """Send the response to a request. A long one is generated as fast as it is received."""
        loop = asyncio.get_running_loop()

        def work() -> Response:
            response = self._call(environ)
            if response.rest is not None:
                _send_long(response, loop, receive, send)
            return response

        response = await self._in_thread(work)
        if response.rest is None:
            await send_whole(response, send)
        else:
            await send({"type": "http.response.body", "body": b""})

    async def _in_thread(self, work: Callable[..., Response], *args: Any) -> Response:
        loop = asyncio.get_running_loop()
        # In a new context, as in a new thread: no request sees another's context variables.
        return await loop.run_in_executor(self._threads, Context().run, work, *args)

    def _call(self, environ: dict[str, Any]) -> Response:
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
