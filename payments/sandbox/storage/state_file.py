"""The state file: an SQLite database of one line of JSON per record.

Changes are collected and written in one transaction when `commit` is called, which the server does
before an answer or a notification leaves. So a killed process, at whatever moment, loses nothing
that anybody was told; a power cut may lose the last few seconds and damages nothing, since the
journal is not flushed to the disk for every call.

Not kept: the record of calls, and faults that were ordered.
"""

import sqlite3
from pathlib import Path
from typing import Final, Self

from payments.sandbox.storage.record_json import from_json, to_json
from payments.sandbox.storage.records import Records

APPLICATION_ID: Final = 0x53455152
"""In the header of each of our files: "SEQR"."""

FORMAT: Final = 1
"""The version of what the records look like."""

_MAGIC: Final = b"SQLite format 3\x00"

_CREATE: Final = f"""
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {FORMAT};
    CREATE TABLE records (
        record_table TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (record_table, key)
    );
"""

# An update keeps the row's place: tables come back in the order in which their records came.
_PUT: Final = """
    INSERT INTO records (record_table, key, value) VALUES (?, ?, ?)
    ON CONFLICT (record_table, key) DO UPDATE SET value = excluded.value
"""


class StateFileError(Exception):
    """The file cannot be used; the text is a sentence that names it."""


class StateFile:
    """One open state file, which nobody else can open until it is closed."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._changes: dict[tuple[str, str], object | None] = {}

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, or make it. Raises StateFileError and leaves the file alone then."""
        try:
            if not path.exists():
                _create(path)
            _check_header(path)
            connection = sqlite3.connect(path, timeout=0, isolation_level=None)
            try:
                _take(connection)
            except sqlite3.Error:
                connection.close()
                raise
        except OSError as error:
            raise StateFileError(f"{path} cannot be used: {error.strerror or error}.") from error
        except sqlite3.Error as error:
            raise StateFileError(_sentence(path, error)) from error
        return cls(path, connection)

    def records(self) -> Records:
        """What the file holds, with every change noted from here on. Raises StateFileError."""
        query = "SELECT record_table, key, value FROM records ORDER BY rowid"
        try:
            kept = (
                (table, key, from_json(value))
                for table, key, value in self._connection.execute(query)
            )
            return Records(self, kept)
        except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
            raise StateFileError(_damaged(self.path)) from error

    def note(self, table: str, key: str, record: object | None) -> None:
        """Remember a change for the next commit; None is a record that is gone."""
        self._changes[table, key] = record

    def commit(self) -> None:
        """Write what has changed. Raises StateFileError; the changes are kept for the next time."""
        if not self._changes:
            return
        gone = [place for place, record in self._changes.items() if record is None]
        put = [
            (*place, to_json(record))
            for place, record in self._changes.items()
            if record is not None
        ]
        connection = self._connection
        try:
            connection.execute("BEGIN")
            connection.executemany("DELETE FROM records WHERE record_table = ? AND key = ?", gone)
            connection.executemany(_PUT, put)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise StateFileError(f"{self.path} cannot be written: {error}.") from error
        self._changes.clear()

    def close(self) -> None:
        """Let others open the file."""
        self._connection.close()


def _create(path: Path) -> None:
    # Under another name first: a kill halfway must not leave a file that looks damaged.
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished)
    try:
        connection.executescript(_CREATE)
    finally:
        connection.close()
    unfinished.replace(path)


def _check_header(path: Path) -> None:
    """Look before SQLite does: it would leave files of its own beside a database not ours."""
    with path.open("rb") as file:
        header = file.read(100)
    if (
        len(header) < 100
        or not header.startswith(_MAGIC)
        or int.from_bytes(header[68:72]) != APPLICATION_ID
    ):
        raise StateFileError(f"{path} is not a state file of the sandbox; it was left as it is.")
    if int.from_bytes(header[60:64]) != FORMAT:
        raise StateFileError(
            f"{path} was written by another version of the sandbox; it was left as it is."
        )


def _take(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)
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
