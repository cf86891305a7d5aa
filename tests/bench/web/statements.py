"""Counts SQL statements by process, from PostgreSQL's statement log.

Each process names itself to PostgreSQL by PGAPPNAME, which libpq reads. The log has one line for
each statement, with the name and the database before it; BEGIN and COMMIT are statements too.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

# The name, the database and "!" to end them; then PostgreSQL's own text.
LINE_PREFIX = "%a|%d! "
_STATEMENT = re.compile(
    r"(?P<name>[^|!]*)\|(?P<database>[^!]*)! LOG:  (?:statement|execute [^:]*): "
)


@dataclass
class StatementLog:
    """The statements that PostgreSQL has logged, once the block of `log_statements` has ended."""

    lines: list[str] = field(default_factory=list)

    def by_name(self) -> Counter[str]:
        """Return the number of statements of each process."""
        return count_by_name(self.lines)

    def texts(self, name: str) -> list[str]:
        """Return the first line of each statement of a process, in their order."""
        return [
            line[found.end() :]
            for line in self.lines
            if (found := _STATEMENT.match(line)) and found["name"] == name
        ]


def count_by_name(lines: Iterable[str]) -> Counter[str]:
    """Count the statements in lines of the log by the name before each.

    A statement of several lines has its other lines after a tab, and a prepared one is logged when
    it is executed, so each statement counts once.
    """
    return Counter(found["name"] for line in lines if (found := _STATEMENT.match(line)))


@contextmanager
def log_statements(owner_url: str, log: Path) -> Iterator[StatementLog]:
    """Log the statements of a database while the block runs; then read them from the server's log.

    `owner_url` is the address of the database for a superuser. Connections that are open already
    log from now on too.
    """
    with psycopg.connect(owner_url, autocommit=True, application_name="log") as owner:
        database = owner.info.dbname
        _set(owner, log_line_prefix=LINE_PREFIX, log_statement="all")
        begin = log.stat().st_size
        statements = StatementLog()
        try:
            yield statements
        finally:
            _set(owner, log_line_prefix=None, log_statement=None)
    with log.open(errors="replace") as file:
        file.seek(begin)
        statements.lines += [line for line in file if f"|{database}! " in line]


def _set(owner: psycopg.Connection[tuple[object, ...]], **settings: str | None) -> None:
    """Set or reset settings of the server, and wait until it has read them."""
    for name, value in settings.items():
        change = sql.SQL("ALTER SYSTEM RESET {}" if value is None else "ALTER SYSTEM SET {} = {}")
        owner.execute(change.format(sql.Identifier(name), sql.Literal(value)))
    owner.execute("SELECT pg_reload_conf()")
    owner.execute("SELECT pg_sleep(0.3)")  # a session reads them before its next statement
