"""Builds the settings of `make run`: defaults for all that the environment does not set."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from seqrshop.local.servers import Servers

STAFF_USER = "staff"
LOOPBACK = "127.0.0.1"
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - only where a person asks for it
SECRETS_FILE = "demo.json"  # in the folder of the servers, whose data they encrypt

# SEQR publishes these test credentials for every developer, and the sandbox accepts them.
TEST_PRINCIPALS = {
    "SEQR_TERMINAL_ID": "public_test_shop_terminal",
    "SEQR_TERMINAL_PASSWORD": "12345678",
    "SEQR_RESELLER_ID": "public_test_shop",
    "SEQR_RESELLER_USER_ID": "9900",
    "SEQR_RESELLER_PASSWORD": "1234",
}


class DemoError(Exception):
    """The demo cannot start; the message is one sentence for a person."""


@dataclass(frozen=True)
class Secrets:
    """The secrets that the demo generates at its first start."""

    secret_key: str
    staff_password: str
    encryption_key: str
    terminal_password: str


@dataclass(frozen=True)
class Ports:
    """The TCP ports of the shop and the sandbox."""

    shop: int
    sandbox: int


def load_secrets(file: Path) -> Secrets:
    """Return the demo's secrets from `file`; the first call generates them."""
    stored = json.loads(file.read_text()) if file.exists() else {}
    generated = {
        "secret_key": secrets.token_urlsafe(50),
        "staff_password": secrets.token_urlsafe(9),
        "encryption_key": Fernet.generate_key().decode(),
        "terminal_password": secrets.token_urlsafe(9),
    }
    if stored.keys() >= generated.keys():
        return Secrets(**stored)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(generated | stored, indent=2))
    return Secrets(**(generated | stored))


def read_ports(given: Mapping[str, str]) -> Ports:
    """Return PORT and SANDBOX_PORT. Raises DemoError."""
    ports = []
    for name, default in (("PORT", "8000"), ("SANDBOX_PORT", "8001")):
        text = given.get(name) or default
        if not text.isdecimal() or not 1 <= int(text) <= 65535:
            raise DemoError(f"{name} should be a port number, 1 to 65535, not {text!r}.")
        ports.append(int(text))
    if ports[0] == ports[1]:
        raise DemoError(f"PORT and SANDBOX_PORT are both {ports[0]}: change one of them.")
    return Ports(*ports)


def read_listen_host(given: Mapping[str, str]) -> str:
    """Return LISTEN_HOST: 127.0.0.1, or 0.0.0.0 for all of this machine's addresses.

    Unless it is given, no other machine reaches the demo, whose sandbox serves anybody. Raises
    DemoError.
    """
    host = given.get("LISTEN_HOST") or LOOPBACK
    if host not in (LOOPBACK, ALL_ADDRESSES):
        raise DemoError(f"LISTEN_HOST should be {LOOPBACK} or {ALL_ADDRESSES}, not {host!r}.")
    if host == ALL_ADDRESSES and not given.get("PUBLIC_BASE_URL"):
        raise DemoError(
            "PUBLIC_BASE_URL is missing: with LISTEN_HOST, give the address where a phone reaches "
            "this machine, such as PUBLIC_BASE_URL=http://192.168.1.5:8000."
        )
    return host


def sandbox_url(given: Mapping[str, str], port: int) -> str:
    """Return the sandbox's address for a browser: of this machine, or of a phone if it may."""
    host = "localhost"
    if read_listen_host(given) == ALL_ADDRESSES:
        host = urlsplit(given["PUBLIC_BASE_URL"]).hostname or host
    return f"http://{host}:{port}"


def uses_sandbox(given: Mapping[str, str]) -> bool:
    """Return whether the sandbox plays SEQR, which it does unless both addresses are given.

    Raises DemoError where only one address is given.
    """
    names = ("SEQR_SERVICE_URL", "SEQR_SESSION_URL")
    missing = [name for name in names if not given.get(name)]
    if len(missing) == 1:
        raise DemoError(
            f"{missing[0]} is missing: give both {names[0]} and {names[1]} to use another SEQR, "
            "or neither to use the sandbox."
        )
    return len(missing) == len(names)


def sandbox_command(given: Mapping[str, str], port: int, state: Path) -> list[str]:
    """Return the command that starts the sandbox, which keeps its state in a file.

    SANDBOX_CERTIFICATION=on makes it refuse what SEQR's certification would refuse. Raises
    DemoError.
    """
    certification = given.get("SANDBOX_CERTIFICATION") or "off"
    if certification not in ("on", "off"):
        raise DemoError(f"SANDBOX_CERTIFICATION should be on or off, not {certification!r}.")
    return [
        *(sys.executable, "-m", "payments.sandbox", "--port", str(port)),
        *("--host", read_listen_host(given)),
        *("--public-url", sandbox_url(given, port)),
        *("--state", str(state)),
        *(["--certification"] if certification == "on" else []),
    ]


def environment(
    given: Mapping[str, str], ports: Ports, generated: Secrets, servers: Servers
) -> dict[str, str]:
    """Return the environment of the demo's processes; a given setting overrides its default."""
    shop_url = f"http://localhost:{ports.shop}"
    public_host = urlsplit(given.get("PUBLIC_BASE_URL") or shop_url).hostname
    hosts = dict.fromkeys(["localhost", "127.0.0.1", "[::1]", public_host or "localhost"])
    defaults = {
        "SECRET_KEY": generated.secret_key,
        "ENCRYPTION_KEYS": generated.encryption_key,
        "DEBUG": "off",
        "ALLOWED_HOSTS": ",".join(hosts),
        "PUBLIC_BASE_URL": shop_url,
        "SECOND_FACTOR_REQUIRED": "off",  # the people of the demo share a printed password
        **TEST_PRINCIPALS,
    }
    if uses_sandbox(given):
        soap_url = f"http://localhost:{ports.sandbox}/soap"
        phone_url = sandbox_url(given, ports.sandbox)
        defaults |= {
            "SEQR_SERVICE_URL": f"{soap_url}/service",
            "SEQR_SESSION_URL": f"{soap_url}/session",
            "SEQR_APP_URL": f"{phone_url}/app/",
            "SEQR_LEAVE_URL": f"{phone_url}/",
            "DEMO_TERMINAL_PASSWORD": generated.terminal_password,
        }
    overrides = {name: value for name, value in given.items() if value.strip()}
    defaults = {name: value for name, value in defaults.items() if f"{name}_FILE" not in overrides}
    fixed = {
        "DATABASE_URL": servers.database_url,
        "MIGRATION_DATABASE_URL": servers.migration_database_url
        or given.get("MIGRATION_DATABASE_URL", ""),
        "REDIS_URL": servers.redis_url,
        "PORT": str(ports.shop),
        "LISTEN_HOST": read_listen_host(given),
        "DEMO_PASSWORD": generated.staff_password,
        "PYTHONUNBUFFERED": "1",  # each log line appears when it is written
        # Celery's warning to root, which is right in production.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
    }
    return defaults | overrides | fixed
