"""Decides when each open invoice of a shard is queried next. Uses no network and no database.

All times are seconds of one monotonic clock, which the caller reads. Due times are kept in slots of
20 ms: the loop sends all queries of a slot at once, which libcurl does with the least CPU.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from payments.invoices.status_query import StatusQuery
from payments.seqr import PaymentStatus

SLOTS_PER_SECOND = 50
NO_SLOT = -1
SLOT_ROUNDING = 1e-6  # of a slot, so that a due time on a slot's boundary stays in its slot

MAX_SILENCE_SECONDS = 10.0  # as health accepts; the retries are more frequent towards it
REVERSAL_SECONDS = 20.0  # SEQR reverses a payment after it. Source: API reference, getPaymentStatus
REPEAT_SILENCE_SECONDS = 3.0  # from which a query may be repeated while it is unanswered
REPEAT_NOTIFIED_SECONDS = 1.0  # the same for an invoice with a notification, after its query
MIN_RETRY_SHARE = 0.1  # of the interval

BUSY_SHARE = 0.25  # of the calls refused, above which SEQR counts as busy
BUSY_INTERVAL_SECONDS = 4.0  # between two queries of an answered invoice if all were refused

MAX_BACKOFF_SECONDS = 5.0
OUTAGE_FAILURE_COUNT = 20  # consecutive failures of the shard that count as an outage
OUTAGE_SECONDS = 1.0  # without any answer
OUTAGE_QUERIES_PER_SECOND = 100  # of a shard that do no harm; only more of them back off


@dataclass(slots=True, eq=False)
class Entry:
    """An open invoice: its query, when it is due, and when SEQR last answered.

    `slot` is its place among the due times; NO_SLOT while it waits for an answer, is held or is
    removed. `last_answer_at` is when the last answered query was sent, since an answer may be as
    old as its query. `lateness_seconds` belongs to the last query. `sent_query` is the query of the
    first call in flight: `query` may have been replaced since.
    """

    query: StatusQuery
    last_answer_at: float
    due: float
    slot: int = NO_SLOT
    sent_query: StatusQuery = field(init=False)
    queried_at: float = 0.0
    lateness_seconds: float = 0.0
    calls: int = 0  # in flight
    notified_at: float | None = None  # until it is queried
    is_closed: bool = False  # to be removed when the last call in flight ends
    is_held: bool = False  # paid, and not queried until that is written
    is_replaced: bool = False  # a call was abandoned for the one in flight
    is_refused: bool = False  # SEQR refuses its terminal, and has not answered about it since
    failures: int = 0
    unchanged_status: PaymentStatus | None = field(default=None)  # the last one without changes
    unwritten_since: float | None = None  # last_answer_at of before the unwritten results
    silence_seconds: float = 0.0  # the longest time without an answer before an unwritten result


class OldestAnswers(NamedTuple):
    """Since when every invoice has had an answer, and one that is written.

    Invoices whose terminal SEQR refuses are left out: `refused` has the same about them, written,
    by terminal. So one terminal's wrong password says nothing about another one's invoices.
    """

    received: float
    written: float
    refused: dict[int, float]


class Schedule:
    """The open invoices of one shard, each due once per `interval` seconds.

    Where more are due than may be sent, they are taken in turn: those due longest first.
    """

    def __init__(
        self, interval: float, *, random_share: Callable[[], float] = random.random
    ) -> None:
        self._interval = self._answered_interval = interval
        self._random_share = random_share
        self._entries: dict[int, Entry] = {}
        self._slots: dict[int, deque[Entry]] = {}
        self._first_slot = 0  # no entry has an earlier one
        self._notified: list[tuple[float, int]] = []  # a heap: the latest notification first
        self._consecutive_failures = 0
        self._answered_at = float("-inf")

    def __len__(self) -> int:
        """Return the number of open invoices."""
        return len(self._entries)

    def __getitem__(self, invoice_id: int) -> Entry:
        """Return an invoice's entry. Raises KeyError."""
        return self._entries[invoice_id]

    def get(self, invoice_id: int) -> Entry | None:
        """Return an invoice's entry, or None if it has none."""
        return self._entries.get(invoice_id)

    @property
    def answered_at(self) -> float:
        """When SEQR last answered about any invoice of the shard."""
        return self._answered_at

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
        elif (
            entry.query == query and notified_at is None and not (entry.is_held or entry.is_closed)
        ):
            return
        entry.query, entry.unchanged_status = query, None
        entry.is_closed = entry.is_held = False
        entry.notified_at = notified_at or entry.notified_at
        if not entry.calls:
            self._place(entry, now, now)

    def remove(self, invoice_id: int) -> None:
        """Remove an invoice that is no longer open; one in flight is removed when its call ends."""
        entry = self._entries.get(invoice_id)
        if entry is None:
            return
        entry.slot, entry.notified_at = NO_SLOT, None
        if entry.calls:
            entry.is_closed = True
        else:
            del self._entries[invoice_id]

    def take_notified(self, now: float, limit: int) -> list[Entry]:
        """Return up to `limit` invoices with a new notification, and mark them in flight."""
        taken: list[Entry] = []
        while self._notified and len(taken) < limit:
            _, key = heapq.heappop(self._notified)
            entry = self._entries.get(key)
            if entry is not None and entry.notified_at is not None and entry.slot != NO_SLOT:
                entry.due = now  # which is not counted as late
                self.mark_in_flight(entry, now)
                taken.append(entry)
        return taken

    def take_due(self, now: float, limit: int) -> list[Entry]:
        """Return up to `limit` due invoices, the longest due first, and mark them in flight."""
        taken: list[Entry] = []
        last_slot = int(now * SLOTS_PER_SECOND)
        while len(taken) < limit:
            slot = self._first_slot
            places = self._slots.get(slot)
            if places is not None:
                while places and len(taken) < limit:
                    entry = places.popleft()
                    if entry.slot == slot:  # else a later place has superseded this one
                        self.mark_in_flight(entry, now)
                        taken.append(entry)
                if places:
                    break
                del self._slots[slot]
            if slot >= last_slot:
                break
            self._first_slot = slot + 1 if self._slots else last_slot
        return taken

    def mark_in_flight(self, entry: Entry, now: float) -> None:
        """Record that a query about an invoice is sent."""
        is_due = entry.slot != NO_SLOT  # else it is repeated while unanswered
        entry.lateness_seconds = max(0.0, now - entry.due) if is_due else 0.0
        entry.slot, entry.notified_at = NO_SLOT, None
        if not entry.calls:
            entry.sent_query = entry.query
        entry.calls += 1
        entry.queried_at = now

    def record_answer(self, entry: Entry, now: float, sent_at: float) -> bool:
        """Schedule the next query after an answer; return whether the answer ends an outage.

        The caller abandons the invoice's other calls. At the end of an outage every deferred
        invoice becomes due within one interval.
        """
        entry.last_answer_at = sent_at
        entry.failures = entry.calls = 0
        entry.is_replaced = entry.is_refused = False
        due = sent_at + self._answered_interval
        self._reschedule(entry, due if due > now else now, now)
        ends_outage = self._consecutive_failures > 0 and self._is_outage(now)
        self._consecutive_failures = 0
        self._answered_at = now
        if ends_outage:
            self._end_backoff(now)
        return ends_outage

    def record_failure(self, invoice_id: int, now: float) -> None:
        """Schedule a retry, counted from the invoice's last query.

        So the time that the call took is part of the pause: after a time-out the retry is due at
        once.
        """
        entry = self._entries[invoice_id]
        self._consecutive_failures += 1
        entry.failures += 1
        entry.is_replaced = False
        entry.calls -= 1
        if entry.is_closed and entry.calls:
            return
        if entry.slot == NO_SLOT:  # else it is due already
            retry_at = entry.queried_at + self._retry_pause(entry, now)
            self._reschedule(entry, max(now, retry_at), now)

    def record_refusal(self, invoice_id: int, now: float) -> None:
        """Schedule the next query, an interval after the last one, since SEQR refuses the terminal.

        SEQR has answered, so this is no outage; and more frequent retries would be refused too.
        """
        entry = self._entries[invoice_id]
        entry.is_refused, entry.is_replaced = True, False
        entry.calls -= 1
        if entry.is_closed and entry.calls:
            return
        if entry.slot == NO_SLOT:  # else it is due already
            self._reschedule(entry, max(now, entry.queried_at + self._interval), now)

    def record_busy_share(self, share: float) -> None:
        """Record the share of the latest calls that SEQR refused as busy.

        While it is high, answered invoices leave their turn to those without an answer.
        """
        longer = max(0.0, BUSY_INTERVAL_SECONDS - self._interval)
        self._answered_interval = self._interval + (share * longer if share > BUSY_SHARE else 0.0)

    def repeat(self, invoice_id: int, now: float, slowest_answer_seconds: float = 0.0) -> None:
        """Make an invoice due although its query is unanswered, if its deadline presses.

        It does not press while the answer may only be as slow as another one lately.
        """
        entry = self._entries[invoice_id]
        is_due = entry.slot != NO_SLOT and entry.due <= now
        if is_due or entry.is_closed or entry.is_held:
            return
        waited = now - entry.queried_at
        if entry.notified_at is not None:
            presses = waited >= REPEAT_NOTIFIED_SECONDS
        elif now - entry.last_answer_at >= max(
            REPEAT_SILENCE_SECONDS, self._interval + slowest_answer_seconds
        ):
            presses = waited >= self._retry_pause(entry, now)
        else:
            presses = False
        if presses:
            self._place(entry, now, now)

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
        entry = self._entries[invoice_id]
        entry.is_held, entry.slot = True, NO_SLOT

    def oldest_due(self, now: float) -> float:
        """Return the due time of the invoice that has waited longest; `now` if none waits."""
        if not self._slots:
            return now
        for slot in range(self._first_slot, int(now * SLOTS_PER_SECOND) + 1):
            places = self._slots.get(slot)
            while places:
                if places[0].slot == slot:
                    return min(now, places[0].due)
                places.popleft()
        return now

    def oldest_answers(self, now: float) -> OldestAnswers:
        """Return since when every invoice has had an answer, in one pass over all of them.

        A held invoice counts as answered: SEQR's PAID has accepted its payment.
        """
        received = written = now
        refused: dict[int, float] = {}
        for entry in self._entries.values():
            answered_at = entry.last_answer_at
            unwritten_since = entry.unwritten_since
            written_at = answered_at if unwritten_since is None else unwritten_since
            if entry.is_refused:
                terminal = entry.query.terminal_id
                refused[terminal] = min(written_at, refused.get(terminal, written_at))
                continue
            if answered_at < received and not entry.is_held:
                received = answered_at
            if written_at < written:  # noqa: PLR1730 - a call of min() costs more than the rest
                written = written_at
        return OldestAnswers(received, written, refused)

    def _is_outage(self, now: float) -> bool:
        return (
            self._consecutive_failures >= OUTAGE_FAILURE_COUNT
            and now - self._answered_at >= OUTAGE_SECONDS
        )

    def _retry_pause(self, entry: Entry, now: float) -> float:
        """Return the seconds between two queries of an invoice without an answer."""
        if self._is_outage(now):
            longest = min(MAX_BACKOFF_SECONDS, len(self._entries) / OUTAGE_QUERIES_PER_SECOND)
            pause = min(
                max(longest, self._interval), self._interval * 2.0 ** min(entry.failures, 10)
            )
            return pause * (0.5 + self._random_share() / 2)
        silence = now - entry.last_answer_at
        if silence >= REVERSAL_SECONDS:
            return self._interval
        return self._interval * max(MIN_RETRY_SHARE, 1 - silence / MAX_SILENCE_SECONDS)

    def _reschedule(self, entry: Entry, due: float, now: float) -> None:
        if entry.is_closed:
            del self._entries[entry.query.invoice_id]
        elif not entry.is_held:
            self._place(entry, due, now)

    def _place(self, entry: Entry, due: float, now: float) -> None:
        """Put an entry into the slot of its due time, or before all others if it is notified."""
        if entry.notified_at is not None:
            entry.slot = self._first_slot  # any one: it is taken as notified
            heapq.heappush(self._notified, (-entry.notified_at, entry.query.invoice_id))
            return
        entry.due = due
        if not self._slots:
            self._first_slot = int(now * SLOTS_PER_SECOND)
        slot = int(max(due, now) * SLOTS_PER_SECOND + SLOT_ROUNDING)
        entry.slot = slot = max(slot, self._first_slot)
        places = self._slots.get(slot)
        if places is None:
            places = self._slots[slot] = deque()
        places.append(entry)

    def _end_backoff(self, now: float) -> None:
        for entry in self._entries.values():
            if entry.failures and entry.slot != NO_SLOT:
                entry.failures = 0
                due = now + self._interval * self._random_share()
                self._place(entry, min(entry.due, due), now)
