"""A synchronous standby of PostgreSQL, which can be promoted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg

from seqrshop.local.servers import free_port
from tests.postgres_server import PostgresServer
from tests.processes import ManagedProcess

READY_SECONDS = 60
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Standby:
    """The running standby, and its address for a superuser."""

    process: ManagedProcess
    superuser_url: str

    def promote(self) -> None:
        """Make it the primary."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")


def start_standby(primary: ManagedProcess, superuser_url: str) -> Standby:
    """Copy the primary, and start the copy as its synchronous standby."""
    server = PostgresServer.of(primary)
    copy = server.on(server.data.parent / f"standby-{free_port()}")
    server.run(
        "pg_basebackup",
        f"--pgdata={copy.data}",
        f"--dbname={superuser_url}",
        "--write-recovery-conf",
        "--checkpoint=fast",
    )
    process = copy.start(log=server.data.parent / "standby.log")
    _wait_until_synchronous(superuser_url)
    return Standby(process, with_port(superuser_url, copy.port))


def _wait_until_synchronous(superuser_url: str) -> None:
    """Let each commit wait for the standby. Raises RuntimeError where it does not connect."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            found = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
            if ("sync",) in found:
                return
            time.sleep(POLL_SECONDS)
    raise RuntimeError("the standby does not follow the primary")


def with_port(url: str, port: int) -> str:
    """Return the URL with this port in place of its own."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(str(parts.port), str(port))))
