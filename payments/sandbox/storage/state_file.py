"""The state file: an SQLite database of one line of JSON per record.

The server calls `commit` before a response or a notification leaves; it writes all changes in one
transaction. So killing the process loses nothing that a client has seen. A power cut may lose the
last few seconds, since the write-ahead log is not flushed for every call, but damages nothing.

The call log and the faults are not stored.
"""

import sqlite3
from pathlib import Path
from typing import Final, Self

from payments.sandbox.storage.record_json import from_json, to_json
from payments.sandbox.storage.records import Records

APPLICATION_ID: Final = 0x53455152
"""Marks the header of each state file: "SEQR"."""

FORMAT_VERSION: Final = 4
"""Changes with the fields of the records."""

READABLE_VERSIONS: Final = frozenset({3, FORMAT_VERSION})
"""Format 3 had one reseller, to which its terminals and periods belong."""

_MAGIC: Final = b"SQLite format 3\x00"

_CREATE: Final = f"""
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {FORMAT_VERSION};
    CREATE TABLE records (
        record_table TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (record_table, key)
    );
"""

# An update keeps the rowid, so tables are loaded in the order in which records were added.
_SAVE: Final = """
    INSERT INTO records (record_table, key, value) VALUES (?, ?, ?)
    ON CONFLICT (record_table, key) DO UPDATE SET value = excluded.value
"""


class StateFileError(Exception):
    """The file cannot be used; the text is a sentence that names the file."""


class StateFile:
    """An open state file. No other process can open it until it is closed."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._changes: dict[tuple[str, str], object | None] = {}

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, or create it. Raises StateFileError and then leaves the file unchanged."""
        try:
            if not path.exists():
                _create(path)
            _check_header(path)
            connection = sqlite3.connect(path, timeout=0, isolation_level=None)
            try:
                _lock(connection)
            except sqlite3.Error:
                connection.close()
                raise
        except OSError as error:
            raise StateFileError(f"{path} cannot be used: {error.strerror or error}.") from error
        except sqlite3.Error as error:
            raise StateFileError(_sentence(path, error)) from error
        return cls(path, connection)

    def records(self) -> Records:
        """Load the records; the file follows their changes from now on. Raises StateFileError.

        Once all records are loaded, a file of an older format is marked as one of FORMAT_VERSION.
        """
        query = "SELECT record_table, key, value FROM records ORDER BY rowid"
        try:
            stored = (
                (table, key, from_json(value))
                for table, key, value in self._connection.execute(query)
            )
            records = Records(self, stored)
        except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
            raise StateFileError(_damaged(self.path)) from error
        try:
            self._connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        except sqlite3.Error as error:
            raise StateFileError(self._unwritable(error)) from error
        return records

    def record_change(self, table: str, key: str, record: object | None) -> None:
        """Add a change to the next commit; None deletes the record."""
        self._changes[table, key] = record

    def commit(self) -> None:
        """Write all changes. Raises StateFileError and keeps the changes for the next commit."""
        if not self._changes:
            return
        deleted = [location for location, record in self._changes.items() if record is None]
        saved = [
            (*location, to_json(record))
            for location, record in self._changes.items()
            if record is not None
        ]
        connection = self._connection
        try:
            connection.execute("BEGIN")
            connection.executemany(
                "DELETE FROM records WHERE record_table = ? AND key = ?", deleted
            )
            connection.executemany(_SAVE, saved)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise StateFileError(self._unwritable(error)) from error
        self._changes.clear()

    def _unwritable(self, error: sqlite3.Error) -> str:
        return f"{self.path} cannot be written: {error}."

    def close(self) -> None:
        """Close the file, so that others can open it."""
        self._connection.close()


def _create(path: Path) -> None:
    # Under another name first: a kill in between must not leave a file that looks damaged.
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished)
    try:
        connection.executescript(_CREATE)
    finally:
        connection.close()
    unfinished.replace(path)


def _check_header(path: Path) -> None:
    """Check before SQLite opens the file: it would write files beside a foreign database."""
    with path.open("rb") as file:
        header = file.read(100)
    if (
        len(header) < 100
        or not header.startswith(_MAGIC)
        or int.from_bytes(header[68:72]) != APPLICATION_ID
    ):
        raise StateFileError(f"{path} is not a state file of the sandbox; it was left as it is.")
    if int.from_bytes(header[60:64]) not in READABLE_VERSIONS:
        raise StateFileError(
            f"{path} was written by another version of the sandbox; it was left as it is."
        )


def _lock(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if result != "ok":
        raise sqlite3.DatabaseError(result)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _sentence(path: Path, error: sqlite3.Error) -> str:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
        return f"{path} is in use by another sandbox."
    if isinstance(error, sqlite3.OperationalError):
        return f"{path} cannot be used: {error}."
    return _damaged(path)


def _damaged(path: Path) -> str:
    return f"{path} is damaged; it was left as it is. Name another file, or delete this one."
