"""A migrated database that is made once in a test run, and copied wherever another is needed.

To migrate an empty database takes about ten seconds of CPU, to copy it a tenth of one.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from seqrshop.local import ROOT
from tests.database_roles import Connection, drop_role, dropped_afterwards, make_database

NAME = "seqrshop_migrated"
UNFINISHED = "seqrshop_being_migrated"
LOCK_ID = 7710  # of those who make a copy's original
TERMINAL_SETTINGS = (
    "SEQR_TERMINAL_ID",
    "SEQR_TERMINAL_PASSWORD",
    "SEQR_RESELLER_ID",
    "SEQR_RESELLER_PASSWORD",
)


def migrated_database() -> str:
    """Return the name of the migrated database; the first process that asks makes it.

    It was migrated without a terminal in the settings, by its owner for an application's role,
    whose rights are revoked again.
    """
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        owner.execute("SELECT pg_advisory_lock(%s)", [LOCK_ID])
        if not _exists(owner):
            _make(owner)
    return NAME


def drop_migrated_database(server: str) -> None:
    """Drop what an earlier run left on a server that outlives the run."""
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)".encode())


def copy_of_migrated_database(name: str) -> dict[str, str]:
    """Create a copy, and a role for the application; return the settings of their addresses."""
    return make_database(name, beside=os.environ["DATABASE_URL"], template=migrated_database())


@contextmanager
def copied_for_a_test(name: str) -> Iterator[dict[str, str]]:
    """Create a copy for the block, as `copy_of_migrated_database` does, and drop it afterwards."""
    with dropped_afterwards(name):
        yield copy_of_migrated_database(name)


def _exists(owner: Connection) -> bool:
    found = owner.execute("SELECT FROM pg_database WHERE datname = %s", [NAME])
    return found.fetchone() is not None


def _make(owner: Connection) -> None:
    addresses = make_database(UNFINISHED, beside=os.environ["DATABASE_URL"])
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=ROOT,
        env={**os.environ, **dict.fromkeys(TERMINAL_SETTINGS, ""), **addresses},
        check=True,
    )
    with psycopg.connect(addresses["MIGRATION_DATABASE_URL"]) as migrated:
        drop_role(migrated, urlsplit(addresses["DATABASE_URL"]).username or "")
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    owner.execute(rename.format(sql.Identifier(UNFINISHED), sql.Identifier(NAME)))
