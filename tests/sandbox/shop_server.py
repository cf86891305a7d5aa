"""A shop's web server, for notifications and Instant Checkout."""

import queue
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self


class ShopRequest(NamedTuple):
    path: str
    content_type: str | None
    body: bytes


class ShopServer:
    """A web server on a free port. `received` holds the POSTs, `respond` makes the responses.

    A context manager: leaving it stops the server.
    """

    def __init__(self) -> None:
        self.received: queue.Queue[ShopRequest] = queue.Queue()
        self.respond: Callable[[], tuple[int, bytes]] = lambda: (500, b"")
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                shop.received.put(ShopRequest(self.path, self.headers["Content-Type"], body))
                status, response = shop.respond()
                self.send_response(status)
                self.send_header("Content-Length", str(len(response)))
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(response)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next_request(self) -> ShopRequest:
        """Wait for the next request."""
        return self.received.get(timeout=30)

    def next_path(self) -> str:
        """Wait for the next request; return its path."""
        return self.next_request().path
