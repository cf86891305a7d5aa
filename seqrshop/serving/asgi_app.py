"""The ASGI application: serves streams in the event loop, all else by Django in threads."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import Callable
from multiprocessing import parent_process
from types import FrameType

from seqrshop.serving.asgi_types import Headers, Receive, Scope, Send
from seqrshop.serving.body import BodyNotReceived, BodyReader, ClientDisconnected
from seqrshop.serving.environ import environ_of
from seqrshop.serving.threads import Wsgi, WsgiThreads, send_whole, wait_for_disconnect
from seqrshop.storefront.middleware import BODY_ERROR_STATUS
from seqrshop.storefront.streams import Stream, StreamBroker, StreamTimings
from seqrshop.storefront.streams.stream_acceptor import STREAM_ACCEPTOR, Subscription

THREADS = 16
STREAM_SUFFIX = "/events"
STREAM_HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would otherwise buffer the events
]


class AsgiApp:
    """The shop's ASGI application."""

    def __init__(self, django: Wsgi, timings: StreamTimings | None = None) -> None:
        self._django = WsgiThreads(django, THREADS)
        self._bodies = BodyReader()
        self._timings = timings or StreamTimings()
        self._broker: StreamBroker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or start and stop with the server."""
        if scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)
            return
        try:
            body, length = await self._bodies.read(scope, receive)
        except ClientDisconnected:
            return
        except BodyNotReceived as error:
            await self._reject_body(scope, error.status, send)
            return
        if scope["method"] == "GET" and scope["path"].endswith(STREAM_SUFFIX):
            await self._serve_stream(scope, receive, send)
        else:
            await self._django.respond(environ_of(scope, body, length, {}), receive, send)

    async def _reject_body(self, scope: Scope, status: int, send: Send) -> None:
        """Send Django's error response to a body that was not received; close the connection."""
        response = await self._django.call(environ_of(scope, b"", 0, {BODY_ERROR_STATUS: status}))
        response.headers.append((b"connection", b"close"))
        await send_whole(response, send)

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        _raise_file_limit()
        self._broker = StreamBroker(self._timings)
        self._broker.start()
        _on_stop_signal(self._broker.stop)
        _stop_with_parent()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._broker.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve_stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a stream if Django's view accepts one; send the view's response otherwise."""
        accepted: list[Subscription] = []
        requested_at = self._timings.clock()
        environ = environ_of(scope, b"", 0, {STREAM_ACCEPTOR: accepted.append})
        environ.pop("HTTP_ACCEPT_ENCODING", None)  # the body becomes the stream's first event
        response = await self._django.call(environ)
        stream = (
            self._broker.open_stream(accepted[0], response.body, requested_at) if accepted else None
        )
        if stream is None:
            await send_whole(response, send)
            return
        replaced = {b"content-type", b"content-length"}
        response.headers = [
            header for header in response.headers if header[0].lower() not in replaced
        ] + STREAM_HEADERS
        try:
            await send(response.start)
            await _send_events(stream, receive, send)
        finally:
            self._broker.close_stream(stream)


async def _send_events(stream: Stream, receive: Receive, send: Send) -> None:
    """Send the stream's events until it ends or the client disconnects."""
    disconnected = asyncio.ensure_future(wait_for_disconnect(receive))
    try:
        async for chunk in stream.chunks():
            if disconnected.done():
                return
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        disconnected.cancel()


def _on_stop_signal(stop: Callable[[], None]) -> None:
    """Call `stop` on SIGTERM and SIGINT, before the server waits for its connections to close.

    Must run in the main thread, in the event loop. The server's own handlers still run.
    """
    loop = asyncio.get_running_loop()

    def wrap(original: Callable[[int, FrameType | None], None]) -> Callable[..., None]:
        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(stop)
            original(number, frame)

        return handle

    for number in (signal.SIGTERM, signal.SIGINT):
        original = signal.getsignal(number)
        if callable(original):
            signal.signal(number, wrap(original))


def _stop_with_parent() -> None:
    """Stop this worker once its parent process is killed: a new parent needs the port."""
    parent = parent_process()
    if parent is None:
        return
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.remove_reader(parent.sentinel)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(parent.sentinel, stop)


def _raise_file_limit() -> None:
    """Raise the limit of open files, and so of connections, to the highest permitted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
