"""Reads the settings from the environment, and describes what each of them should be.

All problems are collected and reported at once, so that an operator corrects a deployment in one
go. A message never holds a value, which may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

Convert = Callable[[str], Any]
_MISSING = object()
MAX_IPV6_PREFIX = 64  # of a client's network, as seqrshop.client_address knows it


class _UnusableFile(Exception):
    """NAME_FILE cannot be used; the text is a sentence about it."""


class Settings:
    """The environment and the file `dotenv`; the environment overrides the file."""

    def __init__(self, dotenv: Path) -> None:
        if dotenv.is_file():
            environ.Env.read_env(dotenv)
        self._env = environ.Env()
        self._problems: list[str] = []
        self.names: list[str] = []

    def read(
        self, name: str, expects: str, convert: Convert = str, *, default: Any = _MISSING
    ) -> Any:
        """Return the converted value of the setting `name`, or `default` where it is not given.

        `expects` completes the sentence "NAME should be …". `convert` raises ValueError for a
        malformed value. NAME_FILE may name a file that holds the value.
        """
        self.names.append(name)
        try:
            raw = self._raw(name)
        except _UnusableFile as error:
            self._problems.append(str(error))
            return None
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

    def _raw(self, name: str) -> str:
        """Return the value of NAME, or that in the file of NAME_FILE. Raises _UnusableFile."""
        raw: str = self._env.str(name, default="")
        file: str = self._env.str(f"{name}_FILE", default="")
        if not file.strip():
            return raw
        if raw.strip():
            raise _UnusableFile(f"{name} and {name}_FILE are both given: remove one of them.")
        try:
            return Path(file).read_text().strip()
        except (OSError, ValueError):
            raise _UnusableFile(f"{name}_FILE names a file that cannot be read.") from None

    def require_all_or_none(self, *names: str) -> None:
        """Name those of the settings that are missing, where another of them is given."""
        given = [name for name in names if self._is_given(name)]
        if not given:
            return
        for name in names:
            if name not in given:
                self._problems.append(f"{name} is missing: it belongs to {given[0]}.")

    def refuse(self, problems: Iterable[str]) -> None:
        """Stop start-up with these sentences too, each of which names a setting."""
        self._problems.extend(problems)

    def _is_given(self, name: str) -> bool:
        return any(self._env.str(each, default="").strip() for each in (name, f"{name}_FILE"))

    def finish(self) -> None:
        """Raise ImproperlyConfigured with every missing and malformed setting, if there is one."""
        if self._problems:
            lines = "\n".join(f"  {problem}" for problem in self._problems)
            raise ImproperlyConfigured(
                f"these settings are missing, malformed or unsafe.\n{lines}\nSee .env.example."
            )


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


def networks(raw: str) -> list[IPv4Network | IPv6Network]:
    """Read a comma-separated list of IP addresses and networks, such as `192.0.2.0/24`.

    A client's IPv6 address is known by its /64 network only, so a longer prefix is refused.
    """
    found = [ip_network(name) for name in names(raw)]
    if any(each.version == 6 and each.prefixlen > MAX_IPV6_PREFIX for each in found):
        raise ValueError
    return found


def web_address(raw: str) -> str:
    """Read an http or https address, and return it without its closing slash."""
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", raw):
        raise ValueError
    _ = parts.port  # raises ValueError for a port that is not a number
    return raw.rstrip("/")


def sentry_dsn(raw: str) -> str:
    """Read the address of a project at Sentry: http or https, with a key and the project's id."""
    parts = urlsplit(web_address(raw))
    if not parts.username or not re.fullmatch(r"/(\S*/)?[0-9]+", parts.path):
        raise ValueError
    return raw


def app_address(raw: str) -> str:
    """Read the address of an app, with any scheme, such as `seqr://SEQR.SE/`."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://\S+", raw):
        raise ValueError
    return raw


def database(raw: str) -> dict[str, Any]:
    """Read the address of a PostgreSQL database, and return Django's settings for it.

    The option `prepare_threshold` is a number of executions, or `none` to prepare no statement.
    """
    if not raw.startswith(("postgres://", "postgresql://")):
        raise ValueError
    parsed: dict[str, Any] = environ.Env.db_url_config(raw)
    if not parsed.get("NAME"):
        raise ValueError
    options = parsed.get("OPTIONS", {})
    if (threshold := options.get("prepare_threshold")) is not None:
        options["prepare_threshold"] = (
            None if threshold == "none" else whole_number(0, 1000)(threshold)
        )
    return parsed


def amount(raw: str) -> Decimal:
    """Read an amount in major units, 0 or more, with at most two decimals."""
    if not re.fullmatch(r"[0-9]{1,8}([.][0-9]{1,2})?", raw):
        raise ValueError
    return Decimal(raw)


def dotted_path(raw: str) -> str:
    """Read a dotted path: a Python module and a name in it."""
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
    """Read the address of a mail server, and return Django's EMAIL_ settings."""
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


def whole_number(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return a converter of whole numbers from `minimum` to `maximum`, both included."""

    def convert(raw: str) -> int:
        value = int(raw)
        if not minimum <= value <= maximum:
            raise ValueError
        return value

    return convert


def seconds(minimum: float, maximum: float) -> Callable[[str], float]:
    """Return a converter of seconds from `minimum` to `maximum`, both included."""

    def convert(raw: str) -> float:
        value = float(raw)
        if not minimum <= value <= maximum:  # false for "nan" too
            raise ValueError
        return value

    return convert


def absolute_path(raw: str) -> str:
    """Read the absolute path of a file or a folder, which need not exist yet."""
    if not Path(raw).is_absolute() or not raw.isprintable():
        raise ValueError
    return raw


def encryption_keys(raw: str) -> list[str]:
    """Read keys of 32 bytes in URL-safe Base64, separated by commas or, in a file, by lines."""
    keys = names(",".join(raw.split()))
    for key in keys:
        Fernet(key)  # raises ValueError
    return keys


def token(raw: str) -> str:
    """Read a secret for an HTTP header: 16 to 200 printable characters without spaces."""
    if not re.fullmatch(r"[!-~]{16,200}", raw):
        raise ValueError
    return raw


def one_of(*values: str) -> Callable[[str], str]:
    """Return a converter of a text that is one of these values."""

    def convert(raw: str) -> str:
        if raw.strip() not in values:
            raise ValueError
        return raw.strip()

    return convert


def text(max_length: int) -> Callable[[str], str]:
    """Return a converter of one line of text of at most `max_length` characters."""

    def convert(raw: str) -> str:
        if len(raw) > max_length or not raw.isprintable():
            raise ValueError
        return raw

    return convert
