"""What `make run` sets: everything that the environment does not."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from seqrshop.local.servers import Servers

STAFF_USER = "staff"

# SEQR publishes these for everyone who tries it out, and the sandbox knows them.
TEST_PRINCIPALS = {
    "SEQR_TERMINAL_ID": "public_test_shop_terminal",
    "SEQR_TERMINAL_PASSWORD": "12345678",
    "SEQR_RESELLER_ID": "public_test_shop",
    "SEQR_RESELLER_USER_ID": "9900",
    "SEQR_RESELLER_PASSWORD": "1234",
}


class DemoError(Exception):
    """The demo cannot start as asked; the message is one sentence for a person."""


@dataclass(frozen=True)
class Secrets:
    """What the demo made up for itself, once."""

    secret_key: str
    staff_password: str


@dataclass(frozen=True)
class Ports:
    """Where the shop and the sandbox listen."""

    shop: int
    sandbox: int


def read_secrets(file: Path) -> Secrets:
    """Return the demo's secrets, made and kept in `file` the first time."""
    if file.exists():
        return Secrets(**json.loads(file.read_text()))
    made = Secrets(secrets.token_urlsafe(50), secrets.token_urlsafe(9))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(made), indent=2))
    return made


def read_ports(given: Mapping[str, str]) -> Ports:
    """Return PORT and SANDBOX_PORT. Raises DemoError."""
    found = []
    for name, default in (("PORT", "8000"), ("SANDBOX_PORT", "8001")):
        text = given.get(name) or default
        if not text.isdecimal() or not 1 <= int(text) <= 65535:
            raise DemoError(f"{name} should be a port's number, 1 to 65535, not {text!r}.")
        found.append(int(text))
    if found[0] == found[1]:
        raise DemoError(f"PORT and SANDBOX_PORT are both {found[0]}: give one of them another.")
    return Ports(*found)


def uses_sandbox(given: Mapping[str, str]) -> bool:
    """Tell whether the sandbox plays SEQR: unless both addresses of another are given."""
    names = ("SEQR_SERVICE_URL", "SEQR_SESSION_URL")
    missing = [name for name in names if not given.get(name)]
    if len(missing) == 1:
        raise DemoError(
            f"{missing[0]} is missing: give both {names[0]} and {names[1]} to use another SEQR, "
            "or neither to use the sandbox."
        )
    return len(missing) == len(names)


def environment(
    given: Mapping[str, str], ports: Ports, kept: Secrets, addresses: Servers
) -> dict[str, str]:
    """Return the environment of the demo's processes: what is given wins."""
    here = f"http://localhost:{ports.shop}"
    public = urlsplit(given.get("PUBLIC_BASE_URL") or here).hostname
    hosts = dict.fromkeys(["localhost", "127.0.0.1", "[::1]", public or "localhost"])
    made = {
        "SECRET_KEY": kept.secret_key,
        "DEBUG": "off",
        "ALLOWED_HOSTS": ",".join(hosts),
        "PUBLIC_BASE_URL": here,
        **TEST_PRINCIPALS,
    }
    if uses_sandbox(given):
        sandbox = f"http://localhost:{ports.sandbox}"
        made |= {
            "SEQR_SERVICE_URL": f"{sandbox}/soap/service",
            "SEQR_SESSION_URL": f"{sandbox}/soap/session",
            "SEQR_APP_URL": f"{sandbox}/app/",
            "SEQR_LEAVE_URL": f"{sandbox}/",
        }
    said = {name: value for name, value in given.items() if value.strip()}
    fixed = {
        "DATABASE_URL": addresses.database_url,
        "REDIS_URL": addresses.redis_url,
        "PORT": str(ports.shop),
        "DEMO_PASSWORD": kept.staff_password,
        "PYTHONUNBUFFERED": "1",  # a log line is seen when it is written
        # Celery's to root. It is right, but this is a demo.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
    }
    return made | said | fixed
