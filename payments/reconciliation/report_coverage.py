"""Determines the time that SEQR's reports cover, and whether they prove it.

A period of a terminal begins when its previous one is closed: during the call that closed it,
within a margin, since SEQR may record a transaction a minute earlier or later than the shop. SEQR
may or may not have closed a lost period; the transactions before it are in that period or in the
next one.

Another till of the reseller may have closed a period too; the shop gets no report of that one. A
report covers the time for certain only after the first of the shop's payments in it, and only if no
payment is missing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.db.models import Min, QuerySet

from payments.models import (
    CAPTURED_STATUSES,
    MARK_KNOWN,
    MARK_TRIED,
    Invoice,
    MatchResult,
    PeriodRow,
    PeriodStatus,
    TransactionPeriod,
)

PAYMENT_BATCH_SIZE = 1000
RECORDING_MARGIN = timedelta(seconds=60)  # between SEQR's time of a transaction and the shop's
FIRST_PERIOD_DURATION = timedelta(days=1)  # assumed: the shop did not close the one before it


class Gap(Enum):
    """Why the reports do not prove that they contain every transaction of a time."""

    NOT_REPORTED = auto()
    """A report of that time is not available."""
    PAYMENT_MISSING = auto()
    """A payment of that period is missing from the reports."""
    NOT_PROVEN = auto()
    """No earlier payment in the same report shows that the period had begun by then."""


@dataclass(frozen=True)
class Window:
    """The time whose transactions of a terminal are in this or earlier reports; excludes `end`."""

    terminal_id: int
    begin: datetime
    end: datetime

    def contains(self, begin: datetime, end: datetime) -> bool:
        """Whether both times are in the window."""
        return self.begin <= begin and end < self.end

    def missing_payments(self) -> Iterator[Invoice]:
        """Yield the terminal's payments of this time that no report contains, the oldest first.

        Compares a batch at a time: right after a large report PostgreSQL knows little of the new
        rows, and would compare each payment with each of them.
        """
        payments = Invoice.objects.filter(
            terminal_id=self.terminal_id,
            status__in=CAPTURED_STATUSES,
            paid_at__gte=self.begin,
            paid_at__lt=self.end,
        ).order_by("paid_at", "id")
        ids = list(payments.values_list("pk", flat=True))
        for first in range(0, len(ids), PAYMENT_BATCH_SIZE):
            batch = ids[first : first + PAYMENT_BATCH_SIZE]
            reported = _in_a_report().filter(invoice__in=batch)
            missing = set(batch).difference(reported.values_list("invoice_id", flat=True))
            if missing:
                yield from payments.filter(pk__in=missing)


@dataclass(frozen=True)
class Span:
    """The time in which a period's transactions may have occurred."""

    period: TransactionPeriod
    begin: datetime
    end: datetime


@dataclass(frozen=True)
class _Evidence:
    """What the shop's own payments show about a period's report."""

    lacks_a_payment: bool
    first_sale_at: datetime | None

    def proves_from(self, begin: datetime) -> bool:
        """Whether the period had begun by then, even if another till closed the one before."""
        return self.first_sale_at is not None and self.first_sale_at + RECORDING_MARGIN <= begin


class Coverage:
    """The time that a terminal's periods and their reports cover.

    Reads the periods at its creation, unless `read_coverages` has read them.
    """

    def __init__(self, terminal_id: int, tried: Sequence[TransactionPeriod] | None = None) -> None:
        self._spans = _spans(_tried_periods([terminal_id]) if tried is None else tried)
        self._windows = _windows(self._spans)
        self._evidence: dict[int, _Evidence] = {}

    def window_of(self, period: TransactionPeriod) -> Window | None:
        """Return the time that a period's report covers if no other till closed a period.

        None if it covers no time completely.
        """
        return self._windows.get(period.pk)

    def span_of(self, period: TransactionPeriod) -> Span | None:
        """Return the time in which a period's transactions may have occurred, if it is known."""
        return next((span for span in self._spans if span.period.pk == period.pk), None)

    def period_ids_sharing_time_with(self, period: TransactionPeriod) -> set[int]:
        """Return the IDs of this period and of those whose reports may have its transactions.

        A period that SEQR never closed is no longer in the spans; the next one contains its time.
        """
        span = self.span_of(period)
        if span is not None:
            return self.possible_period_ids(span.begin, span.end)
        moment = period.marking_started_at
        return set() if moment is None else self.possible_period_ids(moment, moment)

    def possible_period_ids(self, begin: datetime, end: datetime) -> set[int]:
        """Return the IDs of the periods that may contain a transaction between these times."""
        return {span.period.pk for span in self._spans_between(begin, end)}

    def is_reported(self, begin: datetime, end: datetime) -> bool:
        """Return whether the reports of the shop's periods reach from one time to the other."""
        return _reach(self._windows.values(), begin, end)

    def gap_between(self, begin: datetime, end: datetime) -> Gap | None:
        """Return why the reports may lack a transaction between these times; None if none can."""
        windows = self._windows
        if not self.is_reported(begin, end):
            return Gap.NOT_REPORTED
        possible = windows.keys() & self.possible_period_ids(begin, end)
        if any(self._evidence_of(pk).lacks_a_payment for pk in possible):
            return Gap.PAYMENT_MISSING
        is_proven = any(
            windows[pk].contains(begin, end) and self._evidence_of(pk).proves_from(begin)
            for pk in possible
        )
        return None if is_proven else Gap.NOT_PROVEN

    def _spans_between(self, begin: datetime, end: datetime) -> list[Span]:
        return [span for span in self._spans if span.begin < end and begin < span.end]

    def _evidence_of(self, period_id: int) -> _Evidence:
        if period_id not in self._evidence:
            self._evidence[period_id] = _evidence(period_id, self._windows[period_id])
        return self._evidence[period_id]


def read_coverages(terminal_ids: Collection[int]) -> dict[int, Coverage]:
    """Return the coverage of each terminal by its ID, read in one statement."""
    tried: defaultdict[int, list[TransactionPeriod]] = defaultdict(list)
    for period in _tried_periods(terminal_ids):
        tried[period.terminal_id].append(period)
    return {terminal_id: Coverage(terminal_id, tried[terminal_id]) for terminal_id in terminal_ids}


def reports_show_refunds() -> bool:
    """Whether a report has shown a refund as a negative row.

    SEQR does not document how reports show refunds, or that they do. A positive row without a known
    reference counts as a sale, so such reports do not show refunds with a lost reference.
    """
    refunds = PeriodRow.objects.filter(match_result=MatchResult.REFUND, amount__lt=0)
    # In the order of the index of all rows that are no sales: it would read the sales, too.
    return refunds.order_by("period_id", "position").values("pk").first() is not None


def _tried_periods(terminal_ids: Collection[int]) -> QuerySet[TransactionPeriod]:
    """Return the terminals' periods that SEQR closed or may have, oldest first."""
    tried = TransactionPeriod.objects.filter(terminal__in=terminal_ids, status__in=MARK_TRIED)
    times = ("marking_started_at", "marking_ended_at", "lease_until")
    # A terminal has one a day, for years: no more of each is read than the spans need.
    return tried.only("terminal", "status", *times).order_by("marking_started_at")


def _spans(tried: Iterable[TransactionPeriod]) -> list[Span]:
    """Return the spans of a terminal's periods, which are given oldest first."""
    found = []
    opened: datetime | None = None
    for period in tried:
        started, ended = period.marking_started_at, period.marking_ended_at or period.lease_until
        assert started is not None
        assert ended is not None
        if opened is None:
            opened = started - FIRST_PERIOD_DURATION
        found.append(Span(period, opened - RECORDING_MARGIN, ended + RECORDING_MARGIN))
        if period.status in MARK_KNOWN:
            opened = started
    return found


def _windows(spans: list[Span]) -> dict[int, Window]:
    """Return the window of each period with a report, oldest first."""
    found = {}
    unreported_until: datetime | None = None
    for span in spans:
        period = span.period
        if period.status != PeriodStatus.RECONCILED:
            unreported_until = span.end
            continue
        begin = max(span.begin, unreported_until or span.begin)
        assert period.marking_started_at is not None
        end = period.marking_started_at - RECORDING_MARGIN
        if begin < end:
            found[period.pk] = Window(period.terminal_id, begin, end)
    return found


def _reach(windows: Iterable[Window], begin: datetime, end: datetime) -> bool:
    """Whether windows, oldest first, follow each other without a gap between these times."""
    reached = begin
    for window in windows:
        if window.begin <= reached < window.end:
            reached = window.end
    return reached > end


def _evidence(period_id: int, window: Window) -> _Evidence:
    sales = _in_a_report().filter(period=period_id, invoice__isnull=False)
    first = sales.aggregate(first=Min("invoice__paid_at"))["first"]
    return _Evidence(lacks_a_payment=any(window.missing_payments()), first_sale_at=first)


def _in_a_report() -> QuerySet[PeriodRow]:
    return PeriodRow.objects.exclude(match_result=MatchResult.MISSING)
