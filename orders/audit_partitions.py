"""The monthly partitions of the audit's events.

A partition has the events of one month of Stockholm's clock. Those from before the partitions are
in the first one. `orders_auditevent_default` takes what fits no other, so that no event is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection

from orders.audit_digest import day_of

MONTHS_AHEAD: Final = 12

_PARTITIONS = """
    SELECT relname,
        substring(bounds FROM 'FROM \\(''([^'']+)''\\)')::timestamptz,
        substring(bounds FROM 'TO \\(''([^'']+)''\\)')::timestamptz
    FROM pg_class JOIN pg_inherits ON inhrelid = oid,
        LATERAL pg_get_expr(relpartbound, oid) AS bounds
    WHERE inhparent = 'orders_auditevent'::regclass
    ORDER BY 3 NULLS LAST
"""


@dataclass(frozen=True)
class AuditPartition:
    """A partition: its table, its first day, None for the first one, and the day after its last.

    `ends` is None for the default partition.
    """

    table: str
    begins: date | None
    ends: date | None


def make_audit_partitions() -> int:
    """Make the partitions of the next months that are missing; return how many were made.

    The database makes them as the owner of the tables. Raises OperationalError where a lock is not
    free within half a second.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_audit_partitions(%s)", [MONTHS_AHEAD])
        [made] = cursor.fetchone()
    return int(made)


def audit_partitions() -> list[AuditPartition]:
    """Return the partitions, the oldest first and the default one last."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS)
        return [
            AuditPartition(table, _day(begins), _day(ends))
            for table, begins, ends in cursor.fetchall()
        ]


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else day_of(moment)
