"""The ASGI application: streams answered here, all else by Django in threads."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import Callable
from multiprocessing import parent_process
from types import FrameType

from seqrshop.serving.asgi_types import Headers, Receive, Scope, Send
from seqrshop.serving.body import Bodies, Gone, NotRead
from seqrshop.serving.environ import environ_of
from seqrshop.serving.threads import Threads, Wsgi, hung_up
from seqrshop.storefront.middleware import NOT_READ
from seqrshop.storefront.streams import Stream, StreamBroker, StreamTimings
from seqrshop.storefront.streams.stream_acceptor import STREAM_ACCEPTOR, Subscription

THREADS = 16
STREAMS = "/events"
STREAM_HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would keep the events until there are many
]


class Site:
    """Everything at the shop's address."""

    def __init__(self, django: Wsgi, pace: StreamTimings | None = None) -> None:
        self._django = Threads(django, THREADS)
        self._bodies = Bodies()
        self._pace = pace or StreamTimings()
        self._hub: StreamBroker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or begin and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        try:
            body, length = await self._bodies.read(scope, receive)
        except Gone:
            return
        except NotRead as error:
            await self._refuse(scope, error.status, send)
            return
        if scope["method"] == "GET" and scope["path"].endswith(STREAMS):
            await self._stream(scope, receive, send)
        else:
            await self._django.answer(environ_of(scope, body, length, {}), receive, send)

    async def _refuse(self, scope: Scope, status: int, send: Send) -> None:
        """Let Django say in words that the body is not to be had; nothing more of it is read."""
        answer = await self._django.ask(environ_of(scope, b"", 0, {NOT_READ: status}))
        headers = [*answer.headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        _raise_limit_of_files()
        self._hub = StreamBroker(self._pace)
        self._hub.start()
        _when_stopping(self._hub.stop)
        _end_with_parent()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._hub.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Django say who may follow what. Where nobody may, its answer is the answer."""
        followers: list[Subscription] = []
        asked_at = self._pace.clock()
        environ = environ_of(scope, b"", 0, {STREAM_ACCEPTOR: followers.append})
        environ.pop("HTTP_ACCEPT_ENCODING", None)  # the stream begins with the answer's own text
        answer = await self._django.ask(environ)
        stream = self._hub.join(followers[0], answer.body, asked_at) if followers else None
        status, headers = answer.status, answer.headers
        if stream is None:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})
            return
        replaced = {b"content-type", b"content-length"}
        kept = [each for each in headers if each[0].lower() not in replaced]
        start = {"type": "http.response.start", "status": status, "headers": kept + STREAM_HEADERS}
        try:
            await send(start)
            await _follow(stream, receive, send)
        finally:
            self._hub.leave(stream)


async def _follow(stream: Stream, receive: Receive, send: Send) -> None:
    """Send what the stream tells, until its end or until nobody listens."""
    gone = asyncio.ensure_future(hung_up(receive))
    try:
        async for chunk in stream.chunks():
            if gone.done():
                return
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


def _when_stopping(stop: Callable[[], None]) -> None:
    """Have `stop` called as soon as the server is told to end: its connections come first.

    To be called by the event loop, in the main thread. The server is told as ever.
    """
    loop = asyncio.get_running_loop()

    def wrap(before: Callable[[int, FrameType | None], None]) -> Callable[..., None]:
        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(stop)
            before(number, frame)

        return handle

    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, wrap(before))


def _end_with_parent() -> None:
    """End where the process above has been killed: its successor wants our port."""
    parent = parent_process()
    if parent is None:
        return
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_reader(parent.sentinel)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(parent.sentinel, end)


def _raise_limit_of_files() -> None:
    """Allow as many connections as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
