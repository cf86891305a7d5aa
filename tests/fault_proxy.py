"""A proxy between the shop and the sandbox that injects network faults."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

from django.db import connection
from pytest_django import Settings

from payments.gateway import forget_connections

UPSTREAM_TIMEOUT_SECONDS: Final = 30
UNANSWERED_SECONDS: Final = 30
_OPERATION: Final = re.compile(r"Body>\s*<(?:\w+:)?(\w+)")

Hook = Callable[[], object]


def use_seqr_at(settings: Settings, address: str) -> None:
    """Let the gateway take the server at this address for SEQR."""
    settings.SEQR_SERVICE_URL = f"{address}/soap/service"
    settings.SEQR_SESSION_URL = f"{address}/soap/session"
    forget_connections()


def do_nothing() -> None:
    """A hook without effect."""


def unchanged(answer: str) -> str:
    """Return the answer as it is."""
    return answer


@dataclass(frozen=True)
class _Closing:
    """A close() that waits for the answer to an operation."""

    after: str
    ignore: bool


class FaultProxy:
    """Forwards each SOAP call to the sandbox, and injects the faults that its attributes name.

    `before_forward` is called before the sandbox gets a call, `before_answer` between the call's
    effect and its answer; `hook_errors` has what they raised. `lose_answers`: a call takes effect,
    and its answer never arrives. `rewrite` changes the text of an answer. A call of the operation
    `swallow` ("*": any) neither arrives nor gets an answer; `swallowed` counts them. `calls` has
    the operation of each call. close() and open() refuse and accept connections.
    """

    def __init__(self, sandbox_port: int) -> None:
        self._sandbox_port = sandbox_port
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self._open_connections: set[socket.socket] = set()
        self._full_queue: list[socket.socket] = []
        self._has_ended = threading.Event()
        self.reset()

    @property
    def address(self) -> str:
        """The URL of the proxy, without a path."""
        return f"http://127.0.0.1:{self._port}"

    def reset(self) -> None:
        """Clear the faults, and forget the calls."""
        self.clear_faults()
        self.calls: list[str] = []
        self.hook_errors: list[BaseException] = []
        self.swallowed = 0

    def clear_faults(self) -> None:
        """Forward every call and every answer, unchanged and at once."""
        self._closing: _Closing | None = None
        self.before_forward: Hook = do_nothing
        self.before_answer: Hook = do_nothing
        self.lose_answers = False
        self.rewrite: Callable[[str], str] = unchanged
        self.swallow = ""

    def before_next_answer(self, hook: Hook) -> None:
        """Call `hook` before the next answer, and before no later one."""

        def call_once() -> None:
            self.before_answer = do_nothing
            hook()

        self.before_answer = call_once

    def open(self) -> None:
        """Accept connections from now on, without faults."""
        self.clear_faults()
        if self._server is not None:
            return
        for queued in self._full_queue:
            queued.close()
        self._full_queue.clear()
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._server.daemon_threads = True
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self, *, ignore: bool = False, after: str = "") -> None:
        """Refuse connections, at once or once the operation `after` has been answered.

        `ignore`: a connection is not refused, but never accepted.
        """
        if after:
            self._closing = _Closing(after, ignore)
            return
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        for open_connection in list(self._open_connections):
            with suppress(OSError):
                open_connection.shutdown(socket.SHUT_RDWR)
        if ignore:
            self._fill_accept_queue()

    def _fill_accept_queue(self) -> None:
        """Listen with a full accept queue, so that the kernel drops further connections."""
        listener = socket.create_server(("127.0.0.1", self._port), backlog=0)
        self._full_queue.append(listener)
        for _ in range(3):
            queued = socket.socket()
            queued.setblocking(False)
            queued.connect_ex(listener.getsockname())
            self._full_queue.append(queued)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_error: object) -> None:
        self._has_ended.set()
        self.open()
        self.close()

    def received(self, operation: str, body: str) -> None:
        """Record a call. Subclasses override it."""

    def answered(self, operation: str, body: str, answer: str) -> None:
        """Record that the sandbox has answered a call. Subclasses override it."""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else a body waits 40 ms for its head

            def setup(self) -> None:
                proxy._open_connections.add(self.request)
                super().setup()

            def finish(self) -> None:
                super().finish()
                proxy._open_connections.discard(self.request)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                found = _OPERATION.search(body)
                proxy._handle(self, found[1] if found else "", body)

            def log_message(self, *_args: object) -> None:
                """Log nothing."""

        return Handler

    def _handle(self, handler: BaseHTTPRequestHandler, operation: str, body: str) -> None:
        self.calls.append(operation)
        self.received(operation, body)
        if self.swallow in (operation, "*"):
            self.swallowed += 1
            self._has_ended.wait(UNANSWERED_SECONDS)
            handler.close_connection = True
            return
        try:
            self._run(self.before_forward)
            response, content = self._forward(handler.path, body)
            self.answered(operation, body, content.decode(errors="replace"))
            self._run(self.before_answer)
        finally:
            connection.close()  # a hook may have opened this thread's database connection
        if self.lose_answers or response is None:
            handler.close_connection = True
            return
        if self._closing is not None and self._closing.after == operation:
            handler.close_connection = True
            self._open_connections.discard(handler.request)  # its answer is still to be sent
            self.close(ignore=self._closing.ignore)
        answer = self.rewrite(content.decode(errors="surrogateescape"))
        content = answer.encode(errors="surrogateescape")
        handler.send_response(response.status)
        handler.send_header("Content-Type", response.getheader("Content-Type") or "text/xml")
        handler.send_header("Content-Length", str(len(content)))
        with suppress(OSError):  # the client has given up
            handler.end_headers()
            handler.wfile.write(content)

    def _run(self, hook: Hook) -> None:
        try:
            hook()
        except BaseException as error:  # noqa: BLE001  # the test raises it
            self.hook_errors.append(error)

    def _forward(self, path: str, body: str) -> tuple[http.client.HTTPResponse | None, bytes]:
        """Return the sandbox's answer; None where it closed the connection."""
        upstream = http.client.HTTPConnection(
            "127.0.0.1", self._sandbox_port, timeout=UPSTREAM_TIMEOUT_SECONDS
        )
        try:
            upstream.request("POST", path, body.encode(), {"Content-Type": "text/xml"})
            response = upstream.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException):
            return None, b""
        finally:
            upstream.close()
