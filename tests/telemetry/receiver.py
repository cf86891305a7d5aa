"""Plays the server that errors and traces are sent to: keeps what it receives, decompressed."""

from __future__ import annotations

import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import brotli
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

WAIT_SECONDS = 30
DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": brotli.decompress,
}


class Receiver:
    """An HTTP server on a free port, and the bodies that it has received by path."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                encoding = self.headers.get("Content-Encoding", "")
                receiver.received.append((self.path, DECOMPRESS[encoding](body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """The address of the server, as a setting names a collector."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def dsn(self) -> str:
        """The address of a project of Sentry's at this server."""
        return f"http://key@127.0.0.1:{self._server.server_port}/1"

    @property
    def everything(self) -> bytes:
        """All bytes that were received, and the paths that they were sent to."""
        return b"\n".join(path.encode() + b"\n" + body for path, body in list(self.received))

    def events(self) -> list[dict[str, Any]]:
        """Return the events of the envelopes that Sentry would have received."""
        found = []
        for path, body in list(self.received):
            if not path.endswith("/envelope/"):
                continue
            lines = body.splitlines()
            items = zip(lines[1::2], lines[2::2], strict=False)
            found += [
                json.loads(item) for head, item in items if json.loads(head)["type"] == "event"
            ]
        return found

    def spans(self) -> list[Span]:
        """Return the spans that a collector would have received."""
        requests = [
            ExportTraceServiceRequest.FromString(body)
            for path, body in list(self.received)
            if path == "/v1/traces"
        ]
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until the server has received what `condition` looks for."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.everything
            time.sleep(0.02)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def attributes_of(span: Span) -> dict[str, Any]:
    """Return the attributes of a span by name."""
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
