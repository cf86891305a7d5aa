"""An HTTP server for tests: records requests and responds with any bytes, at any pace."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

TIMEOUT_SECONDS = 30


class Request(NamedTuple):
    """A request as received."""

    head: str
    body: bytes


class Connection:
    """The server's end of one connection; a handler responds on it."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self._connection = connection
        self._stopping = stopping
        self.open = True

    @property
    def tls_session_reused(self) -> bool:
        """Whether the handshake resumed an earlier connection's TLS session."""
        return isinstance(self._connection, ssl.SSLSocket) and bool(self._connection.session_reused)

    def send(self, content: bytes) -> None:
        self._connection.sendall(content)

    def trickle(self, content: bytes, interval_seconds: float) -> None:
        """Send byte by byte until all is sent, the client disconnects or the server stops."""
        for position in range(len(content)):
            if self._stopping.wait(interval_seconds):
                return
            self.send(content[position : position + 1])

    def stall(self) -> None:
        """Send nothing until the server stops."""
        self._stopping.wait(TIMEOUT_SECONDS)

    def close(self) -> None:
        self.open = False

    def reset(self) -> None:
        """Close the connection with a TCP reset."""
        no_linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        self.open = False


Handler = Callable[[Connection], None]


class ScriptedServer:
    """Listens on its own port. `handler` responds to each request; `requests` records them."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.handler: Handler = Connection.close
        self._tls = tls
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/soap"

    def respond_with(self, *responses: bytes) -> None:
        """Send these HTTP responses in turn, and the last one to every further request."""
        remaining = list(responses)
        self.handler = lambda connection: connection.send(
            remaining.pop(0) if len(remaining) > 1 else remaining[0]
        )

    def respond_and_close(self, response: bytes) -> None:
        """Send these bytes and close the connection."""

        def handler(connection: Connection) -> None:
            connection.send(response)
            connection.close()

        self.handler = handler

    def stop_listening(self) -> None:
        # Closing alone would not interrupt the thread in accept().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def stop(self) -> None:
        self._stopping.set()
        self.stop_listening()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(TIMEOUT_SECONDS)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # A client that connects and sends nothing must not block the end of a test.
        connection.settimeout(TIMEOUT_SECONDS)
        with suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.add(connection)
            line = Connection(connection, self._stopping)
            with connection.makefile("rb") as reader:
                while line.open and (request := self._read(reader.readline, reader.read)):
                    with self._lock:
                        self.requests.append(request)
                    self.handler(line)
        connection.close()
        with self._lock:
            self._open.discard(connection)

    @staticmethod
    def _read(read_line: Callable[[], bytes], read_bytes: Callable[[int], bytes]) -> Request | None:
        head, length = "", 0
        while line := read_line().decode("latin-1"):
            head += line
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                length = int(value)
            if line == "\r\n":
                return Request(head, read_bytes(length))
        return None


def http_response(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    """Return an HTTP response that leaves the connection open."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
    return (head + headers + "\r\n").encode() + body
