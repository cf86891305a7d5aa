"""Decides when each open invoice of a shard is queried next. Uses no network and no database.

All times are seconds of one monotonic clock, which the caller reads.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from payments.invoices.status_query import StatusQuery
from payments.seqr import PaymentStatus

DUE_IMMEDIATELY = 0.0  # sorts before every due time of the clock
MAX_BACKOFF_SECONDS = 5.0
OUTAGE_FAILURE_COUNT = 20  # consecutive failures of the shard that count as an outage


@dataclass(slots=True, eq=False)
class Entry:
    """An open invoice: its query, when it is due, and when SEQR last answered.

    `last_answer_at` is when the last answered query was sent, since an answer may be as old as its
    query. `lateness_seconds` belongs to the last query.
    """

    query: StatusQuery
    last_answer_at: float
    due: float
    queried_at: float = 0.0
    lateness_seconds: float = 0.0
    is_in_flight: bool = False
    is_closed: bool = False  # to be removed when the call in flight ends
    is_held: bool = False  # paid, and not queried until that is written
    failures: int = 0
    unchanged_status: PaymentStatus | None = field(default=None)  # the last one without changes
    unwritten_since: float | None = None  # last_answer_at of before the unwritten results
    silence_seconds: float = 0.0  # the longest time without an answer before an unwritten result


class Schedule:
    """The open invoices of one shard, each due once per `interval` seconds."""

    def __init__(
        self, interval: float, *, random_share: Callable[[], float] = random.random
    ) -> None:
        self._interval = interval
        self._random_share = random_share
        self._entries: dict[int, Entry] = {}
        self._heap: list[tuple[float, float, int]] = []  # due, rank, invoice id
        self._consecutive_failures = 0

    def __len__(self) -> int:
        """Return the number of open invoices."""
        return len(self._entries)

    def __getitem__(self, invoice_id: int) -> Entry:
        """Return an invoice's entry. Raises KeyError."""
        return self._entries[invoice_id]

    def put(
        self,
        query: StatusQuery,
        now: float,
        *,
        last_answer_at: float,
        notified_at: float | None,
    ) -> None:
        """Add an invoice, or replace its query.

        A new invoice is due now. A notified one is due before all others; of two notified ones the
        one with the later notification (a time of any clock) is due first.
        """
        key = query.invoice_id
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry(query, last_answer_at, now)
        elif entry.query == query and notified_at is None and not entry.is_held:
            return
        entry.query, entry.unchanged_status = query, None
        entry.is_closed = entry.is_held = False
        entry.due = now if notified_at is None else DUE_IMMEDIATELY
        self._push(key, entry, -(notified_at or 0.0))

    def remove(self, invoice_id: int) -> None:
        """Remove an invoice that is no longer open; one in flight is removed when its call ends."""
        entry = self._entries.get(invoice_id)
        if entry is None:
            return
        if entry.is_in_flight:
            entry.is_closed = True
        else:
            del self._entries[invoice_id]

    def take_due(self, now: float, limit: int) -> list[Entry]:
        """Return up to `limit` due invoices, the longest due first, and mark them in flight."""
        taken: list[Entry] = []
        heap = self._heap
        while heap and len(taken) < limit and heap[0][0] <= now:
            due, _, key = heapq.heappop(heap)
            entry = self._entries.get(key)
            if entry is None or entry.is_in_flight or entry.is_held or entry.due != due:
                continue  # superseded by a later place in the heap
            entry.is_in_flight = True
            entry.queried_at = entry.due = now
            entry.lateness_seconds = now - due if due != DUE_IMMEDIATELY else 0.0
            taken.append(entry)
        return taken

    def record_answer(self, invoice_id: int, now: float) -> bool:
        """Schedule the next query after an answer; return whether the answer ends an outage.

        At the end of an outage every deferred invoice becomes due within one interval.
        """
        entry = self._entries[invoice_id]
        entry.last_answer_at = entry.queried_at
        entry.failures = 0
        self._reschedule(invoice_id, entry, max(entry.queried_at + self._interval, now))
        ends_outage = self._consecutive_failures >= OUTAGE_FAILURE_COUNT
        self._consecutive_failures = 0
        if ends_outage:
            self._end_backoff(now)
        return ends_outage

    def record_failure(self, invoice_id: int, now: float) -> None:
        """Schedule a retry after one interval, or with back-off during an outage."""
        entry = self._entries[invoice_id]
        self._consecutive_failures += 1
        entry.failures += 1
        pause = self._interval
        if self._consecutive_failures >= OUTAGE_FAILURE_COUNT:
            pause = min(MAX_BACKOFF_SECONDS, self._interval * 2.0 ** min(entry.failures, 10))
            pause *= 0.5 + self._random_share() / 2
        self._reschedule(invoice_id, entry, now + pause)

    def reschedule_now(self, invoice_id: int, now: float) -> None:
        """Make an invoice due at once after its call was abandoned."""
        self._reschedule(invoice_id, self._entries[invoice_id], now)

    def mark_unwritten(self, invoice_id: int, now: float) -> float:
        """Record that the latest answer still has to be written; return the silence before it.

        Until it is written, the next loop would know only the earlier answers; so the silence
        before an earlier unwritten answer counts for a later one too. In seconds.
        """
        entry = self._entries[invoice_id]
        if entry.unwritten_since is None:
            entry.unwritten_since = entry.last_answer_at
        entry.silence_seconds = max(entry.silence_seconds, now - entry.last_answer_at)
        return entry.silence_seconds

    def mark_written(self, invoice_id: int) -> None:
        """Record that every answer about an invoice is written."""
        entry = self._entries.get(invoice_id)
        if entry is not None:
            entry.unwritten_since, entry.silence_seconds = None, 0.0

    def hold(self, invoice_id: int) -> None:
        """Stop querying an invoice until its answer is written."""
        self._entries[invoice_id].is_held = True

    def oldest_due(self, now: float) -> float:
        """Return the due time of the invoice that has waited longest; `now` if none waits."""
        heap = self._heap
        while heap and not self._is_current(heap[0]):
            heapq.heappop(heap)
        return min(now, heap[0][0]) if heap and heap[0][0] != DUE_IMMEDIATELY else now

    def oldest_answer(self, now: float) -> float:
        """Return the time since when SEQR has answered about every invoice.

        A held invoice counts as answered: SEQR's PAID has accepted its payment.
        """
        return min(
            (entry.last_answer_at for entry in self._entries.values() if not entry.is_held),
            default=now,
        )

    def oldest_written_answer(self, now: float) -> float:
        """Return the time since when every invoice has had an answer that is written."""
        return min(
            (
                entry.last_answer_at if entry.unwritten_since is None else entry.unwritten_since
                for entry in self._entries.values()
            ),
            default=now,
        )

    def _is_current(self, place: tuple[float, float, int]) -> bool:
        due, _, key = place
        entry = self._entries.get(key)
        return entry is not None and not (entry.is_in_flight or entry.is_held) and entry.due == due

    def _reschedule(self, key: int, entry: Entry, due: float) -> None:
        entry.is_in_flight = False
        if entry.is_closed:
            del self._entries[key]
        else:
            if entry.due != DUE_IMMEDIATELY:  # else it was notified during the call
                entry.due = due
            self._push(key, entry, 0.0)

    def _push(self, key: int, entry: Entry, rank: float) -> None:
        if not entry.is_in_flight:
            heapq.heappush(self._heap, (entry.due, rank, key))

    def _end_backoff(self, now: float) -> None:
        for key, entry in self._entries.items():
            if entry.failures and not entry.is_in_flight:
                entry.failures = 0
                entry.due = now + self._interval * self._random_share()
                self._push(key, entry, 0.0)
