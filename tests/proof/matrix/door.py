"""The way to SEQR, which can be shut, and on which calls can be lost before they arrive."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

_OPERATION = re.compile(rb"Body>\s*<(?:\w+:)?(\w+)")


class Door:
    """Passes each call on to SEQR, and the answer back.

    Shut, it lets nobody connect: they are refused or, where it is `ignoring`, hear nothing. A call
    of the operation `swallowing` ("*": any) does not arrive and gets no answer; `swallowed` counts.
    """

    def __init__(self, seqr_port: int) -> None:
        self._seqr_port = seqr_port
        self._kept: set[socket.socket] = set()
        self._held = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._full: list[socket.socket] = []
        self._port = 0
        self._shut_after: tuple[str, bool] | None = None
        self.swallowing = ""
        self.swallowed = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Door:
        self.open()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._held.set()
        self.open()
        self.shut()

    def open(self) -> None:
        """Let calls through from now on."""
        self.swallowing, self._shut_after = "", None
        if self._server is not None:
            return
        for waiting in self._full:
            waiting.close()
        self._full.clear()
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._server.daemon_threads = True
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def shut(self, *, ignoring: bool = False, after: str = "") -> None:
        """Let nobody connect, at once or as soon as the operation `after` has been answered."""
        if after:
            self._shut_after = (after, ignoring)
            return
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        for kept in list(self._kept):
            with suppress(OSError):
                kept.shutdown(socket.SHUT_RDWR)
        if ignoring:
            self._fill_the_queue()

    def _fill_the_queue(self) -> None:
        """Listen, and have as many waiting as the system lets: who comes now is not heard."""
        full = socket.create_server(("127.0.0.1", self._port), backlog=0)
        self._full.append(full)
        for _ in range(3):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
            self._full.append(waiting)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                door._kept.add(self.request)
                super().setup()

            def finish(self) -> None:
                super().finish()
                door._kept.discard(self.request)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                found = _OPERATION.search(body)
                operation = found[1].decode() if found else ""
                if door.swallowing in (operation, "*"):
                    door.swallowed += 1
                    door._held.wait(5)
                    self.close_connection = True
                    return
                status, answer = door._ask_seqr(self.path, body)
                shut_after = door._shut_after
                if shut_after is not None and shut_after[0] == operation:
                    self.close_connection = True
                    door._kept.discard(self.request)  # its answer is still to be sent
                    door.shut(ignoring=shut_after[1])
                self.send_response(status)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_args: object) -> None:
                """Keep the test's output quiet."""

        return Handler

    def _ask_seqr(self, path: str, body: bytes) -> tuple[int, bytes]:
        seqr = http.client.HTTPConnection("127.0.0.1", self._seqr_port, timeout=5)
        try:
            seqr.request("POST", path, body, {"Content-Type": "text/xml"})
            response = seqr.getresponse()
            return response.status, response.read()
        finally:
            seqr.close()
