"""The ASGI app without a server: environment, missing bodies, long responses."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application

from seqrshop.serving import lanes
from seqrshop.serving.asgi_app import AsgiApp
from seqrshop.serving.asgi_types import Message
from seqrshop.serving.body import MAX_BODY_BYTES, MAX_CONCURRENT_BODY_BYTES
from seqrshop.serving.environ import environ_of
from seqrshop.serving.lanes import Lane, Seat
from seqrshop.serving.threads import MAX_BUFFERED_BYTES, WsgiThreads
from seqrshop.storefront.streams import StreamBroker, broker
from seqrshop.streaming import STREAM_ACCEPTOR
from tests.process_metrics.samples import forget_counts, taken_counts
from tests.storefront.streams.test_broker import subscription

SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "scheme": "http",
    "path": "/admin/",
    "raw_path": b"/admin/",
    "query_string": b"",
    "headers": [(b"host", b"localhost"), (b"accept-language", b"sv")],
}


def test_environment_keeps_client_address_path_bytes_and_headers() -> None:
    scope = SCOPE | {
        "raw_path": b"/caf%C3%A9/%FF",
        "query_string": b"a=%C3%A9",
        "headers": [
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
            (b"x-forwarded-for", b"1.2.3.4"),
            (b"x_forwarded_for", b"6.6.6.6"),
        ],
        "client": ("192.0.2.7", 5555),
        "server": ("10.0.0.1", 8000),
    }

    environ = environ_of(scope, b"body", {})

    assert environ["REMOTE_ADDR"] == "192.0.2.7"
    assert environ["PATH_INFO"].encode("latin-1") == b"/caf\xc3\xa9/\xff"
    assert environ["QUERY_STRING"] == "a=%C3%A9"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_FORWARDED_FOR"] == "1.2.3.4"
    assert environ["CONTENT_LENGTH"] == "4"


@pytest.mark.parametrize(
    ("max_concurrent_bytes", "status", "message"),
    [
        (MAX_CONCURRENT_BODY_BYTES, 408, "Anropet tog för lång tid. Försök igen."),
        (0, 503, "Butiken kan inte nås just nu. Försök igen om en stund."),
    ],
)
def test_body_that_is_not_received_gets_error_response_and_closes_connection(
    monkeypatch: pytest.MonkeyPatch, max_concurrent_bytes: int, status: int, message: str
) -> None:
    monkeypatch.setattr("seqrshop.serving.body.BODY_TIMEOUT_SECONDS", 0.01)
    monkeypatch.setattr("seqrshop.serving.body.MAX_CONCURRENT_BODY_BYTES", max_concurrent_bytes)
    sent: list[Message] = []

    async def receive() -> Message:
        if max_concurrent_bytes:
            await asyncio.Event().wait()  # the client stops sending
        return {"type": "http.request", "body": bytes(MAX_BODY_BYTES), "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(AsgiApp(get_wsgi_application())(dict(SCOPE), receive, send))

    start, body = sent
    headers = dict(start["headers"])
    assert start["status"] == status
    assert json.loads(body["body"])["message"] == message
    assert b"content-security-policy" in {name.lower() for name in headers}
    assert headers[b"connection"] == b"close"


class EndlessResponse:
    """The body of a WSGI response that never ends."""

    def __init__(self) -> None:
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield bytes(MAX_BUFFERED_BYTES)

    def close(self) -> None:
        self.is_closed = True


def test_long_response_ends_when_client_disconnects() -> None:
    response = EndlessResponse()
    received = 0

    def application(_environ: dict[str, Any], start_response: Any) -> EndlessResponse:
        start_response("200 OK", [])
        return response

    async def serve() -> None:
        disconnected = asyncio.Event()

        async def receive() -> Message:
            await disconnected.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal received
            received += len(message.get("body", b""))
            if received > 3 * MAX_BUFFERED_BYTES:
                disconnected.set()

        async with asyncio.timeout(30):
            await WsgiThreads(application).respond(Seat(Lane("web", 1), ""), {}, receive, send)

    asyncio.run(serve())

    assert response.is_closed


@pytest.mark.parametrize(
    ("accept", "language", "text"),
    [
        (b"application/json", b"sv", "Butiken kan inte"),
        (b"application/json", b"en", "The shop is unavailable right now."),
        (b"text/html", b"sv", 'data-retry="2"'),
    ],
)
def test_request_without_a_place_gets_the_response_that_the_pages_repeat_after(
    monkeypatch: pytest.MonkeyPatch, accept: bytes, language: bytes, text: str
) -> None:
    """The queue of threads was endless: each request made all earlier ones slower."""
    monkeypatch.setattr(lanes, "CUSTOMER_THREADS", 1)
    monkeypatch.setattr(lanes, "MAX_QUEUED", 0)
    finish = threading.Event()
    django = get_wsgi_application()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/slow/order":
            finish.wait(30)
            start_response("200 OK", [])
            return []
        return django(environ, start_response)

    async def serve() -> list[Message]:
        app = AsgiApp(application)
        slow = asyncio.ensure_future(app(request_scope("/slow/order"), receive, ignore))
        await asyncio.sleep(0.05)
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        await app(request_scope("/lyktan/order", accept, language), receive, send)
        finish.set()
        await slow
        return sent

    forget_counts()
    start, body = asyncio.run(serve())

    headers = {name.lower(): value for name, value in start["headers"]}
    assert taken_counts("seqrshop_http_requests_total")["", "overloaded", "GET", "503"] == 1
    assert start["status"] == 503
    assert headers[b"retry-after"] == b"2"
    assert b"content-security-policy" in headers
    assert text in body["body"].decode()


def test_stream_without_room_gets_503_with_the_time_to_retry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The page got the order instead, as if the shop had no streams."""
    monkeypatch.setattr(broker, "MAX_STREAMS", 0)

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        if STREAM_ACCEPTOR not in environ:  # what the response 503 is made of
            return get_wsgi_application()(environ, start_response)
        environ[STREAM_ACCEPTOR](subscription("a customer"))
        start_response("200 OK", [])
        return [b"{}"]

    async def serve() -> list[Message]:
        app = AsgiApp(application)
        app._orders = StreamBroker()
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        scope = request_scope("/lyktan/orders/1/events", b"text/event-stream")
        await app(scope, receive, send)
        return sent

    start, body = asyncio.run(serve())

    headers = {name.lower(): value for name, value in start["headers"]}
    assert (start["status"], headers[b"retry-after"]) == (503, b"2")
    assert json.loads(body["body"])["error"] == "temporarily_unavailable"


def request_scope(path: str, accept: bytes = b"*/*", language: bytes = b"en") -> dict[str, Any]:
    headers = [(b"host", b"localhost"), (b"accept", accept), (b"accept-language", language)]
    return SCOPE | {
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "headers": headers,
    }


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def ignore(message: Message) -> None:
    pass
