"""An HTTP server that remembers what it was sent and answers with any bytes, in any manner."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple


class Request(NamedTuple):
    """One request as it arrived."""

    head: str
    body: bytes


class Line:
    """The server's end of one connection, for a behaviour to answer on."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self._connection = connection
        self._stopping = stopping
        self.open = True

    @property
    def tls_session_reused(self) -> bool:
        """Whether the handshake took up the session of an earlier connection."""
        return isinstance(self._connection, ssl.SSLSocket) and bool(self._connection.session_reused)

    def send(self, content: bytes) -> None:
        self._connection.sendall(content)

    def drip(self, content: bytes, seconds_between: float) -> None:
        """Send byte by byte, until all is sent, the caller hangs up or the server stops."""
        for position in range(len(content)):
            if self._stopping.wait(seconds_between):
                return
            self.send(content[position : position + 1])

    def stay_silent(self) -> None:
        self._stopping.wait(5)

    def close(self) -> None:
        self.open = False

    def reset(self) -> None:
        """Break the connection off with a TCP reset."""
        linger_for_nothing = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_nothing)
        self.open = False


Behaviour = Callable[[Line], None]


class HostileServer:
    """Listens on a port of its own. `behave` answers each request; `requests` has them all."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.behave: Behaviour = Line.close
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

    def answer_with(self, *answers: bytes) -> None:
        """Send these whole HTTP answers in turn, the last one for ever."""
        remaining = list(answers)

        def behave(line: Line) -> None:
            line.send(remaining.pop(0) if len(remaining) > 1 else remaining[0])

        self.behave = behave

    def answer_and_close(self, answer: bytes) -> None:
        """Send these bytes and close the connection."""

        def behave(line: Line) -> None:
            line.send(answer)
            line.close()

        self.behave = behave

    def stop_listening(self) -> None:
        # Closing alone would leave a thread that waits in accept() listening on.
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
            thread.join(5)

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
        # A caller that opens a connection and then says nothing must not hold up the end of a test.
        connection.settimeout(5)
        with suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.add(connection)
            line = Line(connection, self._stopping)
            with connection.makefile("rb") as reader:
                while line.open and (request := self._read(reader.readline, reader.read)):
                    with self._lock:
                        self.requests.append(request)
                    self.behave(line)
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


def http(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    """Return a whole HTTP answer, after which the connection stays open."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
    return (head + headers + "\r\n").encode() + body
