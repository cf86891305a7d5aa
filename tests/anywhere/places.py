"""The places in which `make run` and `make test` have to work."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from seqrshop.local import ROOT, servers

POSTGRES_PORT = 5432


@dataclass(frozen=True)
class Place:
    """Where a checkout lies and who uses it. Both commands fail with `expected_error`, if given."""

    name: str
    checkout: str  # its path below an empty folder
    as_root: bool = False
    parent_mode: int = 0o755
    checkout_mode: int = 0o755
    during: Callable[[], AbstractContextManager[None]] = nullcontext
    expected_error: str = ""


@contextmanager
def another_postgres() -> Iterator[None]:
    """Run a PostgreSQL on its standard port, unless a process already listens there."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", POSTGRES_PORT)) == 0:
            yield
            return
    with (
        mock.patch.object(servers, "free_port", return_value=POSTGRES_PORT),
        servers.run_servers(
            ROOT / ".local" / "port-5432", durable=False, redis_url="redis://127.0.0.1:9/0"
        ),
    ):
        yield


PLACES = (
    Place("root-only", "checkout", as_root=True, parent_mode=0o700, checkout_mode=0o700),
    Place("ordinary-user", "checkout"),
    Place("spaces", "a folder with spaces, å and 'quotes'/check out"),
    # Linux limits a script's first line to 255 bytes, and a socket's path to 107.
    Place("long-path", f"{'long-' * 40}/{'path-' * 40}/checkout"),
    Place("read-only-parent", "checkout", parent_mode=0o555),
    Place("port-5432-taken", "checkout", during=another_postgres),
    Place("read-only-checkout", "checkout", checkout_mode=0o555, expected_error="cannot write"),
)


def ordinary_user() -> pwd.struct_passwd:
    """Return this process's user, or `nobody` for root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def copy_checkout(place: Place, parent: Path) -> Path:
    """Copy the tracked files to the place below `parent`, and return the copy's path."""
    checkout = parent / place.checkout
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for name in filter(None, tracked.stdout.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    if os.geteuid() == 0 and not place.as_root:
        for path in (checkout, *checkout.rglob("*")):
            shutil.chown(path, ordinary_user().pw_uid)
    checkout.chmod(place.checkout_mode)
    checkout.parent.chmod(place.parent_mode)
    return checkout
