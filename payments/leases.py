"""Leases: a row's column says until when one process alone works on it.

A lease is committed before a call to SEQR and outlasts it, so that a killed process blocks its row
for seconds only. It also defers work: nobody takes a row before its lease ends. Every lease is
measured by PostgreSQL's clock, never by a process's own, and begins when it is saved.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model, Q
from django.db.models.functions import Now

from orders.clock import DatabaseTime

MARGIN = timedelta(seconds=5)  # between the end of the longest call and the end of its lease
REPORT_READING_TIME = timedelta(seconds=60)
MAX_DOUBLINGS = 20  # keeps a pause within the range of timedelta


@dataclass(frozen=True)
class Lease:
    """The lease in one column. Its fields are saved by `save_fields` or with a transition."""

    column: str = "lease_until"

    def has_lapsed(self, row: Model, now: datetime) -> bool:
        """Whether a locked row may be taken: nobody works on it, and it is not deferred."""
        lease_until: datetime | None = getattr(row, self.column)
        return lease_until is None or lease_until <= now

    def lapsed_at(self, now: datetime | Now) -> Q:
        """Return the filter for the rows that may be taken."""
        return Q(**{self.column: None}) | Q(**{f"{self.column}__lte": now})

    def taken(self, duration: timedelta | None = None) -> dict[str, Any]:
        """Return the field that takes the row, by default for one call to SEQR."""
        return {self.column: DatabaseTime(duration or call_lease_duration())}

    def deferred(self, pause: timedelta) -> dict[str, Any]:
        """Return the field that defers the work by this pause."""
        return {self.column: DatabaseTime(pause)}

    def released(self) -> dict[str, Any]:
        """Return the field that lets anybody take the row at once."""
        return {self.column: None}


LEASE = Lease()


def call_lease_duration(timeouts: int = 2) -> timedelta:
    """Return how long a call to SEQR may take, as a number of its time-outs, and the margin.

    Connecting and the answer each have SEQR_TIMEOUT_SECONDS, so one call takes two of them.
    """
    return timedelta(seconds=timeouts * settings.SEQR_TIMEOUT_SECONDS) + MARGIN


def report_lease_duration() -> timedelta:
    """Return how long the call for the largest report and reading it may take, and the margin."""
    return timedelta(seconds=settings.SEQR_REPORT_TIMEOUT_SECONDS) + REPORT_READING_TIME + MARGIN


def doubling_pause(doublings: int, shortest: timedelta, longest: timedelta) -> timedelta:
    """Return the shortest pause doubled so many times, and the longest at most."""
    return min(shortest * (1 << min(doublings, MAX_DOUBLINGS)), longest)


def proportional_pause(waited: timedelta, shortest: timedelta, longest: timedelta) -> timedelta:
    """Return a tenth of the time waited so far, between the shortest and the longest pause."""
    return min(max(waited / 10, shortest), longest)
