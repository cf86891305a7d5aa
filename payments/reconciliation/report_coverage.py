"""Which moments SEQR's reports tell everything about.

A period begins where the one before was closed. That moment is known to within the call that closed
it, and a minute more for what SEQR books earlier or later than we do. Where a period is lost,
nobody knows whether SEQR closed it: what happened before is in it or in the next one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from payments.models import MARK_KNOWN, MARK_TRIED, PeriodStatus, TransactionPeriod

MARGIN = timedelta(seconds=60)
FIRST_LASTS = timedelta(days=1)  # when the one before our first was closed, nobody has told us


@dataclass(frozen=True)
class Window:
    """From `begin` to before `end`: what happened then is in this report or in an earlier one."""

    begin: datetime
    end: datetime


@dataclass(frozen=True)
class _Span:
    """From `begin` to `end`: what happened then may be in this period. Nothing else may."""

    period: TransactionPeriod
    begin: datetime
    end: datetime


class Coverage:
    """All periods and their reports, as they stand when this is made."""

    def __init__(self) -> None:
        self._spans = list(_spans())
        self._windows = _windows(self._spans)

    def window_of(self, period: TransactionPeriod) -> Window | None:
        """Return the moments that a period's report settles, if it does so for any."""
        return self._windows.get(period.pk)

    def may_be_in(self, begin: datetime, end: datetime) -> set[int]:
        """Return the ids of the periods that may hold what happened between these moments."""
        return {span.period.pk for span in self._spans if span.begin < end and begin < span.end}

    def covers(self, begin: datetime, end: datetime) -> bool:
        """Whether whatever happened between these moments is in a report that we have."""
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
            opened = started - FIRST_LASTS
        found.append(_Span(period, opened - MARGIN, ended + MARGIN))
        if period.status in MARK_KNOWN:
            opened = started
    return found


def _windows(spans: list[_Span]) -> dict[int, Window]:
    """Return one for each period that has a report, in order."""
    found = {}
    unreported_until: datetime | None = None
    for span in spans:
        if span.period.status != PeriodStatus.RECONCILED:
            unreported_until = span.end
            continue
        begin = max(span.begin, unreported_until or span.begin)
        assert span.period.marking_started_at is not None
        end = span.period.marking_started_at - MARGIN
        if begin < end:
            found[span.period.pk] = Window(begin, end)
    return found
