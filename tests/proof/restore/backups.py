"""Makes the two kinds of backup, destroys the database, and restores it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg
from django.db import connection

from tests.postgres_server import PostgresServer
from tests.processes import ManagedProcess

DATABASE = "seqrshop"
CONNECT_SECONDS = 2
RECOVERY_SECONDS = 600
LOOK_SECONDS = 0.1
# As the database of the tests is made; `pg_restore --create` makes the shop's with its own.
LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


@dataclass
class Stopwatch:
    """The seconds that each step took, and the sizes of what it made, in bytes."""

    seconds: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to the step."""
        began_at = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began_at


class Database:
    """The shop's PostgreSQL, at the same address before and after a restore."""

    def __init__(self, process: ManagedProcess, superuser_url: str, folder: Path) -> None:
        self.process = process
        self._server = PostgresServer.of(process)
        self._superuser_url = superuser_url
        self._maintenance_url = superuser_url.rpartition("/")[0] + "/postgres"
        self._folder = folder
        self._archive = folder / "archive"

    def dump(self, watch: Stopwatch) -> None:
        """Write the roles and the shop's database into files."""
        self._make_folder(self._folder / "dump")
        with watch.step("pg_dump"):
            self._server.run(
                "pg_dumpall", "--roles-only", f"--file={self._roles}", "-d", self._maintenance_url
            )
            self._server.run(
                "pg_dump", "--format=custom", f"--file={self._dump}", "-d", self._superuser_url
            )
        watch.sizes["dump"] = self._dump.stat().st_size

    def restore_dump(self, watch: Stopwatch) -> None:
        """Make an empty cluster, and restore the dump into it."""
        data = self._folder / "restored"
        password = self._folder / "password"
        password.write_text(str(psycopg.conninfo.conninfo_to_dict(self._superuser_url)["password"]))
        with watch.step("initdb"):
            self._make_folder(data)
            self._server.run(
                "initdb",
                f"--pgdata={data}",
                "--username=seqrshop",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                *LOCALE,
            )
            self._start(self._server.on(data, self._server.port, **self._archiving()))
        with watch.step("pg_restore"):
            # The superuser is there already; a role that exists is reported and left.
            self._server.run("psql", "-q", "-d", self._maintenance_url, "-f", self._roles)
            self._server.run(
                "pg_restore",
                "--exit-on-error",
                "--create",
                "--jobs=2",
                "-d",
                self._maintenance_url,
                self._dump,
            )
        with watch.step("analyze"):
            self._execute("ANALYZE")

    def take_base_backup(self, watch: Stopwatch) -> None:
        """Copy the running cluster; the archive has the WAL from its beginning on."""
        with watch.step("pg_basebackup"):
            self._server.run(
                "pg_basebackup",
                f"--pgdata={self._base}",
                f"--dbname={self._superuser_url}",
                "--checkpoint=fast",
            )
        watch.sizes["base backup"] = _size(self._base)

    def archive_all(self) -> None:
        """Wait until the WAL written so far is in the archive."""
        with self._connect() as superuser:
            row = superuser.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        assert row is not None
        _wait_until((self._archive / str(row[0])).exists)

    def restore_to(self, moment: datetime, watch: Stopwatch) -> None:
        """Restore the base backup, and replay the archive up to a moment."""
        data = self._folder / "recovered"
        with watch.step("copy the base backup"):
            self._server.as_user("cp", "-a", self._base, data)
        watch.sizes["WAL"] = _size(self._archive)
        with (data / "postgresql.auto.conf").open("a") as settings:
            settings.write(
                f'restore_command = \'cp "{self._archive}/%f" "%p"\'\n'
                f"recovery_target_time = '{moment.isoformat()}'\n"
                "recovery_target_action = 'promote'\n"
            )
        (data / "recovery.signal").touch()
        with watch.step("replay the WAL"):
            self._start(PostgresServer.of(self.process).on(data, self._server.port))
            _wait_until(self._is_writable)

    def destroy(self) -> None:
        """Kill the server, and delete its data."""
        server = PostgresServer.of(self.process)
        self.process.kill()
        connection.close()
        shutil.rmtree(server.data)

    @property
    def _roles(self) -> Path:
        return self._folder / "dump" / "roles.sql"

    @property
    def _dump(self) -> Path:
        return self._folder / "dump" / "seqrshop.dump"

    @property
    def _base(self) -> Path:
        return self._folder / "base"

    def _archiving(self) -> dict[str, str]:
        self._make_folder(self._archive)
        copy = f'test ! -f "{self._archive}/%f" && cp "%p" "{self._archive}/%f"'
        return {"archive_mode": "on", "archive_command": copy, "archive_timeout": "60"}

    def _make_folder(self, folder: Path) -> None:
        """Make a folder of the server's user."""
        self._server.as_user("mkdir", "-p", folder)

    def _start(self, server: PostgresServer) -> None:
        self.process = server.start(self._folder / "server.log")
        self.process.wait_until(self._require_connection)

    def _require_connection(self) -> None:
        try:
            with psycopg.connect(self._maintenance_url, connect_timeout=CONNECT_SECONDS):
                pass
        except psycopg.OperationalError as error:
            raise ConnectionError from error

    def _is_writable(self) -> bool:
        try:
            with self._connect() as superuser:
                row = superuser.execute("SELECT pg_is_in_recovery()").fetchone()
        except psycopg.OperationalError:
            return False
        return row == (False,)

    def _execute(self, statement: str) -> None:
        with self._connect() as superuser:
            superuser.execute(statement.encode())

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            self._superuser_url, autocommit=True, connect_timeout=CONNECT_SECONDS
        )


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + RECOVERY_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the restore takes too long")
        time.sleep(LOOK_SECONDS)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
