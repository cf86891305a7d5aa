"""Reads the settings from the environment, each with what it should be.

Every problem is collected, and start-up stops with all of them at once: an operator mends a
deployment in one go. Values are never printed, since one of them may be a secret.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ

_MISSING = object()


class Settings:
    """The environment, read once. `finish()` stops the process when anything was wrong."""

    def __init__(self, dotenv: Path) -> None:
        if dotenv.is_file():
            environ.Env.read_env(dotenv)  # the environment itself wins over the file
        self._env = environ.Env()
        self._problems: list[str] = []
        self.names: list[str] = []

    def read(
        self,
        name: str,
        expects: str,
        convert: Callable[[str], Any] = str,
        *,
        default: Any = _MISSING,
    ) -> Any:
        """Return the converted value of the setting `name`, or `default` where it is not given.

        `expects` completes the sentence "NAME should be …". `convert` raises ValueError for a
        value that is not so.
        """
        self.names.append(name)
        raw = self._env.str(name, default="")
        if raw.strip() == "":
            if default is _MISSING:
                self._problems.append(f"{name} is missing: it should be {expects}.")
                return None
            return default
        try:
            return convert(raw)
        except ValueError:
            self._problems.append(f"{name} is malformed: it should be {expects}.")
            return None

    def finish(self) -> None:
        """Stop with every missing and malformed setting by name, if there is one."""
        if self._problems:
            _stop(self._problems)


def _stop(problems: list[str]) -> NoReturn:
    lines = "\n".join(f"  {problem}" for problem in problems)
    sys.exit(f"seqrshop cannot start, its settings are not complete:\n{lines}\nSee .env.example.")


def boolean(raw: str) -> bool:
    """Read "on" or "off" (also true/false, yes/no, 1/0)."""
    value = raw.strip().lower()
    if value in environ.Env.BOOLEAN_TRUE_STRINGS:
        return True
    if value in {"off", "false", "no", "n", "0"}:
        return False
    raise ValueError


def names(raw: str) -> list[str]:
    """Read a comma-separated list."""
    found = [part.strip() for part in raw.split(",") if part.strip()]
    if not found:
        raise ValueError
    return found


def web_address(raw: str) -> str:
    """Read an http or https address, without its closing slash."""
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", raw):
        raise ValueError
    _ = parts.port  # raises ValueError where the port is not a number
    return raw.rstrip("/")


def app_address(raw: str) -> str:
    """Read the start of an app's address, of any scheme, such as `seqr://SEQR.SE/`."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://\S+", raw):
        raise ValueError
    return raw


def database(raw: str) -> dict[str, Any]:
    """Read the address of a PostgreSQL database."""
    if not raw.startswith(("postgres://", "postgresql://")):
        raise ValueError
    parsed: dict[str, Any] = environ.Env.db_url_config(raw)
    if not parsed.get("NAME"):
        raise ValueError
    return parsed


def amount(raw: str) -> Decimal:
    """Read an amount of money, not below 0, with two decimals at most."""
    if not re.fullmatch(r"[0-9]{1,8}([.][0-9]{1,2})?", raw):
        raise ValueError
    return Decimal(raw)


def dotted_path(raw: str) -> str:
    """Read where something stands in Python: a module and a name in it."""
    if not re.fullmatch(r"[A-Za-z_]\w*([.][A-Za-z_]\w*)+", raw, re.ASCII):
        raise ValueError
    return raw


def email_address(raw: str) -> str:
    """Read one e-mail address."""
    if not re.fullmatch(r"[^@\s,<>]+@[^@\s,<>]+", raw):
        raise ValueError
    return raw


def email_addresses(raw: str) -> list[str]:
    """Read a comma-separated list of e-mail addresses."""
    return [email_address(address) for address in names(raw)]


def mail_server(raw: str) -> dict[str, Any]:
    """Read the address of a mail server, as Django's EMAIL_ settings."""
    if urlsplit(raw).scheme not in environ.Env.EMAIL_SCHEMES:
        raise ValueError
    parsed: dict[str, Any] = environ.Env.email_url_config(raw)
    return parsed


def redis_address(raw: str) -> str:
    """Read the address of a Redis database over TCP."""
    parts = urlsplit(raw)
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise ValueError
    _ = parts.port
    return raw


def whole_number(at_least: int, at_most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within these bounds, both included."""

    def convert(raw: str) -> int:
        value = int(raw)
        if not at_least <= value <= at_most:
            raise ValueError
        return value

    return convert


def seconds(at_least: float, at_most: float) -> Callable[[str], float]:
    """Return a reader of a number of seconds within these bounds, both included."""

    def convert(raw: str) -> float:
        value = float(raw)
        if not at_least <= value <= at_most:  # also refuses "nan"
            raise ValueError
        return value

    return convert


def token(raw: str) -> str:
    """Read a secret that a program sends in a header: 16 to 200 characters, no spaces."""
    if not re.fullmatch(r"[!-~]{16,200}", raw):
        raise ValueError
    return raw


def text(at_most: int) -> Callable[[str], str]:
    """Return a reader of one line of text of at most so many characters."""

    def convert(raw: str) -> str:
        if len(raw) > at_most or not raw.isprintable():
            raise ValueError
        return raw

    return convert
