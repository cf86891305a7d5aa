"""A migrated database that is made once in a test run, and copied wherever another is needed.

To migrate an empty database takes about five seconds of CPU, to copy it a tenth of one.
"""

import os
import subprocess
import sys

import psycopg
from psycopg import sql

from seqrshop.local import ROOT
from tests.database_roles import Connection, address_of, make_database

NAME = "seqrshop_migrated"
UNFINISHED = "seqrshop_being_migrated"
LOCK_ID = 7710  # of those who make a copy's original


def migrated_database() -> str:
    """Return the name of the migrated database; the first process that asks makes it.

    It has the terminal of the settings, and no rights for an application's role.
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


def _exists(owner: Connection) -> bool:
    found = owner.execute("SELECT FROM pg_database WHERE datname = %s", [NAME])
    return found.fetchone() is not None


def _make(owner: Connection) -> None:
    owner.execute(f"DROP DATABASE IF EXISTS {UNFINISHED} WITH (FORCE)".encode())
    owner.execute(f"CREATE DATABASE {UNFINISHED}".encode())
    address = address_of(UNFINISHED, beside=os.environ["DATABASE_URL"])
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address, "MIGRATION_DATABASE_URL": ""},
        check=True,
    )
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    owner.execute(rename.format(sql.Identifier(UNFINISHED), sql.Identifier(NAME)))
