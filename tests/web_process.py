"""The Procfile's web process, on a free port and the tests' database."""

from __future__ import annotations

import http.client
import json
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from django.conf import settings

from seqrshop.local.servers import free_port
from tests.database_roles import application_url
from tests.processes import ManagedProcess, procfile_command

RESPONSE_TIMEOUT_SECONDS: Final = 30.0


class WebProcess(ManagedProcess):
    """The web process, started and ready. `extra_settings` go to its environment."""

    def __init__(self, log: Path, **extra_settings: str) -> None:
        self.port = free_port()
        env = {**process_environment(), "PORT": str(self.port), **extra_settings}
        super().__init__(procfile_command("web"), log=log, env=env)
        self.start()
        self.wait_until_open()

    def wait_until_open(self) -> None:
        """Wait until the process responds. Raises ProcessStartError."""
        self.wait_until(lambda: self.request("GET", "/health/live"))

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection; its first request opens it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=RESPONSE_TIMEOUT_SECONDS)

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> WebResponse:
        """Send a request over a new connection; return the whole response."""
        connection = self.connect()
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            response = connection.getresponse()
            return WebResponse(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()


class WebResponse:
    """An HTTP response; header names are in lower case."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    def json(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.body)


class EventStream:
    """A client of an event stream."""

    def __init__(self, web: WebProcess, path: str, **headers: str) -> None:
        self._connection = web.connect()
        hyphenated = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", path, headers=hyphenated)
        self.response = self._connection.getresponse()

    def next(self, *kinds: str, within: float = RESPONSE_TIMEOUT_SECONDS) -> tuple[str, Any]:
        """Return kind and data of the next event of these kinds, by default `order` and `end`."""
        kinds = kinds or ("order", "end")
        deadline = time.monotonic() + within
        block: list[str] = []
        while True:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError(f"no event within {within} s")
            self._set_timeout(remaining)
            line = self.response.readline().decode()
            assert line, "the stream ended"
            if line != "\n":
                block.append(line.strip())
                continue
            text = "\n".join(block)
            block = []
            event = re.fullmatch(r"event: (\w+)\ndata: (.+)", text)
            assert event or text == ":", text  # a keepalive
            if event and event[1] in kinds:
                return event[1], json.loads(event[2])

    def is_over(self) -> bool:
        """Whether the server has ended the stream without another event."""
        self._set_timeout(RESPONSE_TIMEOUT_SECONDS)
        return self.response.read() == b""

    def close(self) -> None:
        """Close the connection."""
        self.response.close()
        self._connection.close()

    def _set_timeout(self, seconds: float) -> None:
        sock = self._connection.sock
        if sock is not None:  # None once the response is read
            sock.settimeout(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def process_environment() -> dict[str, str]:
    """Return the environment of a process that uses the tests' database and Redis."""
    return {
        **os.environ,
        "DATABASE_URL": application_url(),
        "REDIS_URL": settings.REDIS_URL,
        "WEB_CONCURRENCY": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:No directory at",  # STATIC_ROOT exists in deployments only
    }
