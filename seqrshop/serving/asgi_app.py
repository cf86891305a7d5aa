"""The ASGI application: serves streams in the event loop, all else by Django in threads."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from multiprocessing import parent_process
from types import FrameType

from seqrshop.backoffice.kitchen.broker import BoardBroker
from seqrshop.backoffice.kitchen.stream import BoardSubscription
from seqrshop.backoffice.uploads import PERSON_FINDER
from seqrshop.client_address import client_address
from seqrshop.presence import Presence, this_process
from seqrshop.process_metrics import MetricsPublisher, count_request
from seqrshop.serving.asgi_types import Headers, Receive, Scope, Send
from seqrshop.serving.body import Body, BodyNotReceived, BodyReader, ClientDisconnected
from seqrshop.serving.connections import CONNECTIONS
from seqrshop.serving.environ import environ_of
from seqrshop.serving.lanes import Lanes, Overloaded, Seat
from seqrshop.serving.overload import OverloadResponses
from seqrshop.serving.probe_stream import ProbeStreams
from seqrshop.serving.static_files import StaticFiles
from seqrshop.serving.threads import Wsgi, WsgiThreads, send_whole, wait_for_disconnect
from seqrshop.storefront.middleware import BODY_ERROR_STATUS
from seqrshop.storefront.streams import StreamBroker
from seqrshop.storefront.streams.stream_acceptor import Subscription
from seqrshop.streaming import PROBE_PATH, STREAM_ACCEPTOR
from seqrshop.streaming.event_stream import EventStream, StreamTimings

STREAM_SUFFIX = "/events"
OVERLOADED_ROUTE = "overloaded"  # in the metrics: requests that found no place
STREAM_HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would otherwise buffer the events
]


class AsgiApp:
    """The shop's ASGI application."""

    def __init__(self, django: Wsgi, timings: StreamTimings | None = None) -> None:
        self._django = WsgiThreads(django)
        self._lanes = Lanes()
        self._bodies = BodyReader()
        self._static_files = StaticFiles()
        self._probes = ProbeStreams()
        self._overload_responses = OverloadResponses(django)
        self._timings = timings or StreamTimings()
        self._orders: StreamBroker
        self._boards: BoardBroker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or start and stop with the server."""
        if scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)
            return
        file = self._static_files.find(scope)
        if file is not None:
            await self._static_files.respond(file, scope, send)
            return
        seat = Seat(self._lanes.of(scope["method"], scope["path"]), address_of(scope))

        async def find_person() -> str | None:
            found: list[str] = []
            environ = environ_of(scope, b"", {PERSON_FINDER: found.append})
            await self._django.call(seat, environ)
            return found[0] if found else None

        try:
            if scope["path"] == PROBE_PATH:
                await self._serve_probe(receive, send)
                return
            with self._bodies.open(scope, receive, seat.address, find_person) as body:
                await self._serve(seat, scope, body, receive, send)
        except ClientDisconnected:
            return
        except Overloaded:
            count_request(OVERLOADED_ROUTE, scope["method"], HTTPStatus.SERVICE_UNAVAILABLE)
            await send_whole(await self._overload_responses.to(scope), send)

    async def _serve(
        self, seat: Seat, scope: Scope, body: Body, receive: Receive, send: Send
    ) -> None:
        try:
            content = await body.read()
        except BodyNotReceived as error:
            environ = environ_of(scope, b"", {BODY_ERROR_STATUS: error.status})
            response = await self._django.call(seat, environ)
            if error.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:  # a client still sends it
                response.headers.append((b"connection", b"close"))
            await send_whole(response, send)
            return
        if scope["method"] == "GET" and scope["path"].endswith(STREAM_SUFFIX):
            await self._serve_stream(seat, scope, receive, send)
            return
        environ = environ_of(scope, content, {})
        await self._django.respond(seat, environ, receive, send)

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        _raise_file_limit()
        self._orders, self._boards = StreamBroker(self._timings), BoardBroker(self._timings)
        for broker in (self._orders, self._boards):
            broker.start()
            _on_stop_signal(broker.stop)
        _stop_with_parent()
        watch = asyncio.create_task(CONNECTIONS.watch())
        presence = Presence(this_process("web"))
        presence.start()
        publisher = MetricsPublisher()
        publisher.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        watch.cancel()
        presence.stop()
        await self._orders.close()
        await self._boards.close()
        await asyncio.to_thread(publisher.stop)
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve_stream(self, seat: Seat, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a stream if Django's view accepts one; send the view's response otherwise.

        Raises Overloaded where the process has no room for another stream.
        """
        accepted: list[Subscription | BoardSubscription] = []
        requested_at = self._timings.clock()
        environ = environ_of(scope, b"", {STREAM_ACCEPTOR: accepted.append})
        environ.pop("HTTP_ACCEPT_ENCODING", None)  # the body becomes the stream's first event
        response = await self._django.call(seat, environ)
        if not accepted:
            await send_whole(response, send)
            return
        opened = self._open_stream(accepted[0], response.body, requested_at)
        if opened is None:
            raise Overloaded
        stream, close = opened
        replaced = {b"content-type", b"content-length"}
        response.headers = [
            header for header in response.headers if header[0].lower() not in replaced
        ] + STREAM_HEADERS
        try:
            await send(response.start)
            await _send_events(stream, receive, send)
        finally:
            close()

    async def _serve_probe(self, receive: Receive, send: Send) -> None:
        if self._probes.is_full:
            raise Overloaded
        with self._probes as stream:
            await send(self._probes.start(STREAM_HEADERS))
            await _send_events(stream, receive, send)

    def _open_stream(
        self, subscription: Subscription | BoardSubscription, body: bytes, requested_at: float
    ) -> tuple[EventStream, Callable[[], None]] | None:
        """Open a stream at its broker; return it, and the function that forgets it."""
        if isinstance(subscription, BoardSubscription):
            board = self._boards.open_stream(subscription, body)
            return None if board is None else (board, partial(self._boards.close_stream, board))
        order = self._orders.open_stream(subscription, body, requested_at)
        return None if order is None else (order, partial(self._orders.close_stream, order))


def address_of(scope: Scope) -> str:
    """Return the address whose requests share a queue's turn and a body's budget."""
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    peer = (scope.get("client") or ("", 0))[0]
    return client_address(peer, b",".join(forwarded).decode("latin-1"))


async def _send_events(stream: EventStream, receive: Receive, send: Send) -> None:
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
