"""The clock that all processes share."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """Return PostgreSQL's time, which measures every lease and lifetime."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row = cursor.fetchone()
    now: datetime = row[0]
    return now
