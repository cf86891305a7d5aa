"""A client that reads raw bytes from a socket until the connection ends."""

import socket
import time
from dataclasses import dataclass

from tests.sandbox_process import REQUEST_SECONDS, SandboxProcess


@dataclass(frozen=True)
class Exchange:
    """The received bytes, the duration, and whether a TCP reset ended the connection."""

    data: bytes
    seconds: float
    reset: bool

    @property
    def head(self) -> str:
        return self.data.partition(b"\r\n\r\n")[0].decode()

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.head.split()[1])

    @property
    def declared_length(self) -> int | None:
        """The Content-Length header, if there is one."""
        for line in self.head.splitlines():
            name, _, value = line.partition(": ")
            if name == "Content-Length":
                return int(value)
        return None


def connect(sandbox: SandboxProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", sandbox.port), timeout=REQUEST_SECONDS)


def post(sandbox: SandboxProcess, body: str, path: str = "/soap/service") -> Exchange:
    """Send one request on a new connection."""
    content = body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml; charset=utf-8\r\n"
        f'SOAPAction: ""\r\nConnection: close\r\nContent-Length: {len(content)}\r\n\r\n'
    )
    return send(sandbox, head.encode() + content)


def send(sandbox: SandboxProcess, request: bytes) -> Exchange:
    """Send bytes and read until the server closes the connection."""
    started = time.monotonic()
    received = bytearray()
    reset = False
    with connect(sandbox) as connection:
        try:
            connection.sendall(request)
            while chunk := connection.recv(65536):
                received += chunk
        except (ConnectionResetError, BrokenPipeError):
            reset = True
    return Exchange(bytes(received), time.monotonic() - started, reset)
