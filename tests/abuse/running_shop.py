"""Runs the shop as `make run` does, with settings as in production, and reads what it uses."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from seqrshop.local.servers import free_port
from tests.bench.machine import pss_bytes
from tests.processes import ManagedProcess

READY_LINE = "Ctrl-C stops everything."
SERVICE_ID = "LYKTAN"
START_SECONDS = 300.0  # on a busy machine, with the demo's data to create
STOP_SECONDS = 120.0
MEGABYTE = 2**20


@dataclass(frozen=True)
class Visit:
    """A customer who has scanned and ordered: what the pages and SEQR then know."""

    token: str
    order: str
    notify_path: str


class RunningShop:
    """The addresses of a running shop and its sandbox."""

    def __init__(self, process: ManagedProcess, port: int, sandbox_port: int, folder: Path) -> None:
        self.port = port
        self.static_folder = folder / "static"
        self._process = process
        self._sandbox_port = sandbox_port
        self._customers = 0

    @property
    def log_bytes(self) -> int:
        """The length of the log of all processes."""
        return self._process.log.stat().st_size

    def web_megabytes(self) -> float:
        """Return the memory of the web processes (PSS)."""
        main = psutil.Process(self._process.process.pid)
        total = 0
        for process in main.children(recursive=True):
            with suppress(psutil.Error, OSError):
                if _is_web(process):
                    total += pss_bytes(process)
        return total / MEGABYTE

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Call the sandbox's control API and return its JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self._sandbox_port, timeout=30)
        try:
            content = None if body is None else json.dumps(body)
            headers = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, f"/control{path}", content, headers)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def scan(self) -> str:
        """Scan a code with a phone of its own; return the token."""
        self._customers += 1
        code = f"HTTP://SEQR.SE/000/{SERVICE_ID}"
        body = {"url": code, "msisdn": f"4670{self._customers:07d}"}
        return str(self.control("POST", "/scan", body)["token"])

    def visit(self) -> Visit:
        """Scan, order, and wait until SEQR has the invoice."""
        token = self.scan()
        session = self._post("/lyktan/session", token, {"token": token})
        product = next(each for each in session["products"] if not each["sold_out"])
        rows = [{"product": product["id"], "quantity": 1}]
        body = {"nonce": f"nonce-of-{token}", "rows": rows}
        order = self._post("/lyktan/orders", token, body)["id"]
        while not (shown := self._request("GET", f"/orders/{order}", token))["app_url"]:
            if shown["state"] not in ("created", "sending", "awaiting_payment"):
                raise RuntimeError(f"the order is {shown['state']}")
        reference = str(shown["app_url"]).rsplit("/R", 1)[1]
        notification = str(self.control("GET", f"/invoices/{reference}")["notification_url"])
        return Visit(token, order, "/" + notification.split("/", 3)[3])

    def _post(self, path: str, token: str, body: object) -> Any:
        return self._request("POST", path, token, json.dumps(body))

    def _request(self, method: str, path: str, token: str, body: str | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"X-SEQR-Token": token, "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def run_shop() -> Iterator[RunningShop]:
    """Run `make run` on free ports until the block ends."""
    with tempfile.TemporaryDirectory(prefix="seqrshop-abuse-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may run as another user
        port, sandbox_port = free_port(), free_port()
        env = {
            **os.environ,
            "PORT": str(port),
            "SANDBOX_PORT": str(sandbox_port),
            "SEQRSHOP_LOCAL_DIR": str(folder / "local"),
            "WEB_CONCURRENCY": "2",
        }
        command = [sys.executable, "-m", "seqrshop.local.run", "--without-doctor"]
        log = folder / "log"
        process = ManagedProcess(command, log=log, env=env)

        def connect() -> None:
            if READY_LINE not in log.read_text(errors="replace"):
                raise OSError
            socket.create_connection(("127.0.0.1", port)).close()

        process.start()
        try:
            process.wait_until(connect, START_SECONDS)
            yield RunningShop(process, port, sandbox_port, folder / "local")
        finally:
            process.stop(within=STOP_SECONDS)


def _is_web(process: psutil.Process) -> bool:
    command = " ".join(process.cmdline())
    if "seqrshop.asgi" in command:
        return True
    parent = process.parent()
    return parent is not None and "seqrshop.asgi" in " ".join(parent.cmdline())
