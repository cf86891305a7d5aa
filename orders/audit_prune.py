"""Removes the audit's events of old days, as whole partitions, and keeps their digests.

Only days whose events agree with their digests are removed. `verify_audit` goes on proving the
chain of all digests, and the events that remain. Must be called as the owner of the tables.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import Final

from django.db import connection, transaction

from orders.audit import ChangeSource, record_audit_event
from orders.audit_digest import DAY, compute_digest
from orders.audit_partitions import AuditPartition, audit_partitions
from orders.models import AuditDigest, AuditPruning, EventName

logger = logging.getLogger(__name__)

YEARS_KEPT: Final = 7  # from the end of the calendar year: the Swedish Bookkeeping Act, 7 kap. 2 §


class CannotPrune(Exception):
    """The events cannot be removed; the message is a sentence for an operator."""


def prunable_before(today: date) -> date:
    """Return the first day whose events the law requires."""
    return date(today.year - YEARS_KEPT, 1, 1)


def prune_audit(before: date, source: ChangeSource) -> list[AuditPruning]:
    """Remove each partition whose last day is before this day, the oldest first; return what went.

    Each is removed in a transaction of its own, with an event of the audit. Raises CannotPrune.
    """
    done = []
    for partition in audit_partitions():
        if partition.ends is not None and partition.ends <= before:
            done.append(_prune(partition, partition.ends - DAY, source))
    return done


def pruning_detail(pruning: AuditPruning) -> str:
    """Return what the audit's event says of a removal."""
    return f"{pruning}: {pruning.event_count} events, digest {pruning.digest}"


def _prune(partition: AuditPartition, last_day: date, source: ChangeSource) -> AuditPruning:
    first_day = _first_day(last_day)
    count, digest = _verified(first_day, last_day)
    pruning = AuditPruning(first_day=first_day, last_day=last_day, event_count=count, digest=digest)
    table = connection.ops.quote_name(partition.table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE orders_auditevent DETACH PARTITION {table}")
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name of the database's
        if cursor.fetchone() != (count,):
            raise CannotPrune(f"{pruning}: the table {table} has other events than the digests.")
        cursor.execute(f"DROP TABLE {table}")
        pruning.save()
        record_audit_event(EventName.AUDIT_PRUNED, source, detail=pruning_detail(pruning))
    logger.info("removed from the audit: %s", pruning_detail(pruning))
    return pruning


def _first_day(last_day: date) -> date:
    """Return the day after those that are removed already, or the first one of the chain."""
    latest = AuditPruning.objects.last()
    if latest is not None:
        return latest.last_day + DAY
    first = AuditDigest.objects.first()
    if first is None or first.day > last_day:
        raise CannotPrune(f"There is no digest of {last_day}.")
    return first.day


def _verified(first_day: date, last_day: date) -> tuple[int, str]:
    """Return the number of events of these days, and the last digest. Raises CannotPrune."""
    day, count, digest = first_day, 0, ""
    for stored in AuditDigest.objects.filter(day__range=(first_day, last_day)).iterator(1):
        if stored.day != day or compute_digest(day, stored.previous).digest != stored.digest:
            raise CannotPrune(f"The audit of {day} differs from its digest: run verify_audit.")
        day, count, digest = day + DAY, count + stored.event_count, stored.digest
    if day != last_day + DAY:
        raise CannotPrune(f"There is no digest of {day}.")
    return count, digest
