"""Runs the whole shop, the processes of the Procfile, and the sandbox beside it."""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from seqrshop.local.servers import free_port
from seqrshop.local.testing import settings_for_tests
from tests.mail_server import Behaviour, MailServer, running_mail_server
from tests.processes import ManagedProcess
from tests.sandbox_process import SandboxProcess

WAIT_SECONDS = 60
CODE = "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"

_numbers = count(46_700_100_000)


@dataclass(frozen=True)
class Scan:
    """One scan of the code on table 4, by the customer with this phone number."""

    token: str
    order_url: str
    msisdn: str


@dataclass(frozen=True)
class Stack:
    """The running shop, the sandbox that plays its SEQR, its database, log and mail server."""

    url: str
    sandbox: SandboxProcess
    database_url: str
    log: Path
    mail_server: MailServer
    staff_cookies: dict[str, Any] = field(default_factory=dict)  # of each person who has signed in

    def scan(self, msisdn: str | None = None) -> Scan:
        """Scan the code as a new customer, or as the one with this number."""
        msisdn = msisdn or str(next(_numbers))
        scanned = self.sandbox.scan(CODE, msisdn)
        return Scan(scanned["token"], scanned["order_url"], msisdn)

    def write(self, statement: str, *values: object) -> None:
        """Change the shop's database, for states that a customer cannot cause."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute(statement, values)

    def read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query of the shop's database."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, values).fetchall()

    def wait_for(self, query: str, *values: object) -> None:
        """Wait until the query returns a row. Raises TimeoutError."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.read(query, *values):
            if time.monotonic() > deadline:
                raise TimeoutError(query)
            time.sleep(0.1)


@contextmanager
def running_stack(folder: Path, given: Mapping[str, str]) -> Iterator[Stack]:
    """Run the whole shop as `make run` does; `given` has at least the addresses of its servers.

    Raises ProcessStartError.
    """
    port = free_port()
    with (
        SandboxProcess("--certification") as sandbox,
        running_mail_server(Behaviour.ACCEPT) as mail_server,
    ):
        command = [sys.executable, "-m", "seqrshop.local.run", "--without-doctor"]
        email_url = f"smtp://127.0.0.1:{mail_server.port}"
        env = {**_environment(folder, port, sandbox), "EMAIL_URL": email_url, **given}
        with ManagedProcess(command, log=folder / "log", env=env) as shop:
            page = f"http://127.0.0.1:{port}/lyktan/order"
            shop.wait_until(lambda: urllib.request.urlopen(page, timeout=30).close())
            sandbox.register_shop(
                "LYKTAN", f"http://localhost:{port}/lyktan", name="Kafé Lyktan", codes=["TABLE=4"]
            )
            url = f"http://localhost:{port}"
            yield Stack(url, sandbox, given["DATABASE_URL"], shop.log, mail_server)


def _environment(folder: Path, port: int, sandbox: SandboxProcess) -> dict[str, str]:
    settings = settings_for_tests()
    given = {name: value for name, value in os.environ.items() if name not in settings}
    return given | {
        "SEQRSHOP_LOCAL_DIR": str(folder),
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "SEQR_SERVICE_URL": sandbox.service_url,
        "SEQR_SESSION_URL": sandbox.session_url,
        "SEQR_APP_URL": sandbox.app_url,
        "SEQR_LEAVE_URL": sandbox.phone_url,
    }
