"""Determines the time that SEQR's reports cover completely.

A period begins when the previous one is closed: during the call that closed it, within a margin,
since SEQR may record a transaction a minute earlier or later than the shop. SEQR may or may not
have closed a lost period; the transactions before it are in that period or in the next one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from payments.models import MARK_KNOWN, MARK_TRIED, PeriodStatus, TransactionPeriod

RECORDING_MARGIN = timedelta(seconds=60)  # between SEQR's time of a transaction and the shop's
FIRST_PERIOD_DURATION = timedelta(days=1)  # assumed: the shop did not close the one before it


@dataclass(frozen=True)
class Window:
    """The time whose transactions are all in this report or in earlier ones; excludes `end`."""

    begin: datetime
    end: datetime


@dataclass(frozen=True)
class _Span:
    """The time in which a period's transactions may have occurred."""

    period: TransactionPeriod
    begin: datetime
    end: datetime


class Coverage:
    """The time that the periods and their reports cover. Read once, at its creation."""

    def __init__(self) -> None:
        self._spans = list(_spans())
        self._windows = _windows(self._spans)

    def window_of(self, period: TransactionPeriod) -> Window | None:
        """Return the time that a period's report covers completely; None if there is none."""
        return self._windows.get(period.pk)

    def possible_period_ids(self, begin: datetime, end: datetime) -> set[int]:
        """Return the IDs of the periods that may contain a transaction between these times."""
        return {span.period.pk for span in self._spans if span.begin < end and begin < span.end}

    def covers(self, begin: datetime, end: datetime) -> bool:
        """Whether the fetched reports contain every transaction between these times."""
        reached = begin
        for window in self._windows.values():
            if window.begin <= reached < window.end:
                reached = window.end
        return reached > end


def _spans() -> list[_Span]:
    found = []
    opened: datetime | None = None
    tried = TransactionPeriod.objects.filter(status__in=MARK_TRIED)
    for period in tried.order_by("marking_started_at"):
        started, ended = period.marking_started_at, period.marking_ended_at or period.lease_until
        assert started is not None
        assert ended is not None
        if opened is None:
            opened = started - FIRST_PERIOD_DURATION
        found.append(_Span(period, opened - RECORDING_MARGIN, ended + RECORDING_MARGIN))
        if period.status in MARK_KNOWN:
            opened = started
    return found


def _windows(spans: list[_Span]) -> dict[int, Window]:
    """Return the window of each period with a report, oldest first."""
    found = {}
    unreported_until: datetime | None = None
    for span in spans:
        if span.period.status != PeriodStatus.RECONCILED:
            unreported_until = span.end
            continue
        begin = max(span.begin, unreported_until or span.begin)
        assert span.period.marking_started_at is not None
        end = span.period.marking_started_at - RECORDING_MARGIN
        if begin < end:
            found[span.period.pk] = Window(begin, end)
    return found
