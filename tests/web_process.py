"""The Procfile's web process, for tests: on a free port, with the database of the tests."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection
from honcho.environ import parse_procfile

from seqrshop.local import ROOT
from seqrshop.local.servers import free_port

START_SECONDS: Final = 30
STOP_SECONDS: Final = 30
PATIENCE_SECONDS: Final = 10.0


class WebProcess:
    """A context manager: leaving it stops the process. `given` are further settings of it."""

    def __init__(self, log: Path, **given: str) -> None:
        self.port = free_port()
        self.log = log
        command = parse_procfile((ROOT / "Procfile").read_text()).processes["web"]
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                cwd=ROOT,
                env={**_environment(), "PORT": str(self.port), **given},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        self.wait_until_open()

    def wait_until_open(self) -> None:
        """Wait until it answers. Raises RuntimeError where it does not start."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                assert self.ask("GET", "/health/live").status == 200
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise RuntimeError(f"the web process did not start:\n{self.log.read_text()}")

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection, which is opened by its first request."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> StatusResult:
        """Ask over a connection of its own; return the answer, read whole."""
        asking = self.connect()
        try:
            asking.request(method, path, body or None, dict(headers or {}))
            response = asking.getresponse()
            return StatusResult(response.status, dict(response.getheaders()), response.read())
        finally:
            asking.close()

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Stop the process; return the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        try:
            self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
        return time.monotonic() - began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.stop()


class StatusResult:
    """An HTTP answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    def json(self) -> Any:
        """Return the body as what it says."""
        return json.loads(self.body)


class EventStream:
    """A page's stream, read event by event."""

    def __init__(self, web: WebProcess, path: str, **headers: str) -> None:
        self._connection = web.connect()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", path, headers=named)
        self.response = self._connection.getresponse()

    def next(self, *kinds: str, within: float = PATIENCE_SECONDS) -> tuple[str, Any]:
        """Return the next event's kind and data, of these kinds or else of the order's."""
        kinds = kinds or ("order", "end")
        deadline = time.monotonic() + within
        block: list[str] = []
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no event within {within} s")
            self._set_timeout(left)
            line = self.response.readline().decode()
            assert line, "the stream ended"
            if line != "\n":
                block.append(line.strip())
                continue
            told = "\n".join(block)
            block = []
            event = re.fullmatch(r"event: (\w+)\ndata: (.+)", told)
            assert event or told == ":", told  # a sign of life
            if event and event[1] in kinds:
                return event[1], json.loads(event[2])

    def is_over(self) -> bool:
        """Whether the server has ended the stream, and says nothing more."""
        self._set_timeout(PATIENCE_SECONDS)
        return self.response.read() == b""

    def close(self) -> None:
        """Hang up."""
        self.response.close()
        self._connection.close()

    def _set_timeout(self, seconds: float) -> None:
        sock = self._connection.sock
        if sock is not None:  # else all has been read
            sock.settimeout(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _environment() -> dict[str, str]:
    name = connection.settings_dict["NAME"]
    database = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DATABASE_URL": database,
        "REDIS_URL": settings.REDIS_URL,
        "WEB_CONCURRENCY": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:No directory at",  # static files are collected for a deployment
    }
