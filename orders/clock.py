"""The clock that all processes share."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection


@dataclass(frozen=True)
class DatabaseTime:
    """PostgreSQL's time of the statement that saves it, or so much later.

    `save_fields` and transitions take it in place of a datetime, so that no statement of its own
    reads the clock.
    """

    later: timedelta = timedelta(0)


SAVED_NOW = DatabaseTime()


def database_now() -> datetime:
    """Return PostgreSQL's time, which measures every lease and lifetime."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row = cursor.fetchone()
    now: datetime = row[0]
    return now
