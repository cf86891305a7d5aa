"""Gives `manage.py` its settings and servers in a checkout where nothing is set (ADR 15).

The servers are those of a running `make run` or `make dev`, or of another command. Where none is
running, the command starts them from the same folder, and stops them when it ends.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NoReturn

import environ
from django.core.exceptions import ImproperlyConfigured

from seqrshop import env
from seqrshop.local import ROOT, orphans
from seqrshop.local.demo import SECRETS_FILE, load_secrets
from seqrshop.local.servers import ServerStartError, run_servers
from seqrshop.local.testing import setting_names

SERVERS_TIMEOUT_SECONDS = 60
# No database is read for them, so no server is started.
COMMANDS_WITHOUT_SERVERS = {
    *("", "-h", "--help", "help", "--version", "version", "check", "collectstatic"),
    *("compilemessages", "diffsettings", "draw_states", "makemessages"),
}


@contextmanager
def development_settings(arguments: list[str]) -> Iterator[None]:
    """Set the development settings in the environment while one command of manage.py runs.

    They apply where DEBUG is on, or no setting is given; any other environment stays as it is.
    Raises ImproperlyConfigured where the servers cannot run.
    """
    command = arguments[0] if arguments else ""
    if command == "test":
        _run_pytest(arguments[1:])
    given = _given_settings()
    if given and not _is_on(given.get("DEBUG", "")):
        yield
        return
    os.environ["DEBUG"] = "on"
    if not given:
        _print("No setting is given: development settings apply, with DEBUG on.")
    names = {name.removesuffix("_FILE") for name in given}
    if command in COMMANDS_WITHOUT_SERVERS or {"DATABASE_URL", "REDIS_URL"} <= names:
        yield
        return
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    folder = Path(os.environ.get("SEQRSHOP_LOCAL_DIR") or ROOT / ".local").resolve()
    try:
        with _local_settings(folder) as settings:
            if "DATABASE_URL" in names:
                settings["MIGRATION_DATABASE_URL"] = ""  # of the local server
            local = {name: value for name, value in settings.items() if name not in names}
            os.environ.update(local | given | {"DEBUG": "on"})
            yield
    except ServerStartError as error:
        raise ImproperlyConfigured(str(error)) from error


def _run_pytest(arguments: list[str]) -> NoReturn:
    """Replace this process by pytest, whose plugin starts servers of its own."""
    if importlib.util.find_spec("pytest") is None:
        sys.exit("The tests need requirements/test.txt: `make test` installs it and runs them.")
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606


def _given_settings() -> dict[str, str]:
    """Return the settings that the environment and .env give, also as NAME_FILE.

    An empty one is not given.
    """
    if (ROOT / ".env").is_file():
        environ.Env.read_env(ROOT / ".env")
    names = [each for name in setting_names() for each in (name, f"{name}_FILE")]
    return {name: os.environ[name] for name in names if os.environ.get(name, "").strip()}


def _is_on(debug: str) -> bool:
    with suppress(ValueError):
        return env.boolean(debug)
    return False  # start-up reports a malformed value


# --- Servers that several commands share -----------------------------------------------------


@contextmanager
def publish_settings(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Let other commands use the servers of this process, which holds the lock of `folder`."""
    file = folder / "settings.json"
    settings = {name: environment[name] for name in setting_names() if name in environment}
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(settings))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


@contextmanager
def _local_settings(folder: Path) -> Iterator[dict[str, str]]:
    """Return the settings of the running servers, or start servers. Raises ServerStartError."""
    folder.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + SERVERS_TIMEOUT_SECONDS
    with (folder / "lock").open("a") as lock, (folder / "users").open("a") as users:
        while not _try_lock(lock, fcntl.LOCK_EX):
            # Shared by those who use the servers, and exclusive to their owner once it stops them.
            if _try_lock(users, fcntl.LOCK_SH) and (folder / "settings.json").exists():
                yield json.loads((folder / "settings.json").read_text())
                return
            fcntl.flock(users, fcntl.LOCK_UN)
            if time.monotonic() > deadline:
                raise ServerStartError(f"Another command locks {folder} and runs no servers.")
            time.sleep(0.1)
        orphans.stop_orphans()
        with run_servers(folder, durable=True) as servers:
            settings = {
                # `make run` has encrypted what the database contains.
                "ENCRYPTION_KEYS": load_secrets(folder / SECRETS_FILE).encryption_key,
                "DATABASE_URL": servers.database_url,
                "MIGRATION_DATABASE_URL": servers.migration_database_url,
                "REDIS_URL": servers.redis_url,
            }
            with publish_settings(folder, settings):
                yield settings
                if not _try_lock(users, fcntl.LOCK_EX):
                    _print("Another command still uses the servers; Ctrl-C stops them now.")
                    fcntl.flock(users, fcntl.LOCK_EX)


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _print(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
