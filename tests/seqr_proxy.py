"""A proxy between the shop and the sandbox, for what goes wrong on the way."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

from django.db import connection


class SeqrProxy:
    """Passes each call on to the sandbox, but for what its attributes say.

    `lose_answers`: the call takes effect, its answer never arrives. `busy`: every answer's result
    code is this one, and nothing takes effect. `rewrite`: changes the answer's text.
    `before_answer`: is called between the effect and the answer.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self.lose_answers = False
        self.rewrite: Callable[[str], str] = lambda answer: answer
        self.before_answer: Callable[[], None] = lambda: None
        self.calls: list[str] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                proxy.calls.append(_operation(body))
                upstream = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
                upstream.request("POST", self.path, body, {"Content-Type": "text/xml"})
                response = upstream.getresponse()
                answer = response.read().decode()
                upstream.close()
                try:
                    proxy.before_answer()
                finally:
                    connection.close()  # it may have used the database, in this thread
                if proxy.lose_answers:
                    self.close_connection = True
                    return
                data = proxy.rewrite(answer).encode()
                self.send_response(response.status)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_args: object) -> None:
                """Keep the test's output quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> SeqrProxy:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _operation(body: bytes) -> str:
    for name in (
        b"sendInvoice",
        b"updateInvoice",
        b"commitReservation",
        b"getPaymentStatus",
        b"cancelInvoice",
        b"submitPaymentReceipt",
        b"getClientSessionInfo",
    ):
        if name in body:
            return name.decode()
    return "?"
