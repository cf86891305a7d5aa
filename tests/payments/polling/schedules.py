"""Schedules of a few invoices, as the tests of the schedule make them."""

from payments.invoices.status_query import StatusQuery
from payments.models import InvoiceStatus
from payments.polling.schedule import Schedule

START = 1000.0
TERMINAL_ID = 1


def query(key: int, version: int = 0) -> StatusQuery:
    """Return the query about an invoice with this ID and version."""
    return StatusQuery(key, TERMINAL_ID, f"ref-{key}", version, InvoiceStatus.ISSUED, key)


def schedule_of(*keys: int, interval: float = 1.0, share: float = 0.5) -> Schedule:
    """Return a schedule in which these invoices are due at START."""
    schedule = Schedule(interval, random_share=lambda: share)
    for key in keys:
        schedule.put(query(key), START, last_answer_at=START, notified_at=None)
    return schedule


def taken(schedule: Schedule, now: float, at_most: int = 1000) -> list[int]:
    """Return the invoices whose queries are taken now, the notified ones first."""
    entries = schedule.take_notified(now, at_most)
    entries += schedule.take_due(now, at_most - len(entries))
    return [entry.query.invoice_id for entry in entries]
