"""When each open invoice of a shard is asked about next. Touches neither network nor database.

All times are seconds of one steady clock, which the caller reads.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from payments.invoices.status_query import StatusQuery
from payments.seqr import PaymentStatus

AT_ONCE = 0.0  # before anything that is due by the clock
LONGEST_PAUSE = 5.0
OUTAGE_AFTER = 20  # failures with no answer among them


@dataclass(slots=True, eq=False)
class Entry:
    """An open invoice: the question about it, when it is due, and when SEQR was last heard."""

    question: StatusQuery
    heard_at: float  # when the last question was asked that SEQR has answered
    due: float
    asked_at: float = 0.0
    late_by: float = 0.0  # when it was last asked about
    is_asked: bool = False
    is_gone: bool = False  # but SEQR is still being asked about it
    is_held: bool = False  # paid, and not asked about until that is written
    failures: int = 0
    no_news: PaymentStatus | None = field(default=None)  # the answer that was last found unchanged
    unwritten_since: float | None = None  # when SEQR was heard before an answer not written yet
    silence: float = 0.0  # the longest time without an answer, before one that is not written yet


class Schedule:
    """The open invoices of one shard, each due once in `interval` seconds."""

    def __init__(
        self, interval: float, *, random_share: Callable[[], float] = random.random
    ) -> None:
        self._interval = interval
        self._random_share = random_share
        self._entries: dict[int, Entry] = {}
        self._heap: list[tuple[float, float, int]] = []  # due, rank, invoice id
        self._failures_in_a_row = 0

    def __len__(self) -> int:
        """Return how many invoices are known to be open."""
        return len(self._entries)

    def __getitem__(self, invoice_id: int) -> Entry:
        """Return an invoice's entry. Raises KeyError."""
        return self._entries[invoice_id]

    def put(
        self, question: StatusQuery, now: float, *, heard_at: float, notified_at: float | None
    ) -> None:
        """Take up an invoice, or what is new about it.

        A new one is due now. One that SEQR has notified of is due before all others, and of two
        such the one with the later notification (a time of any clock).
        """
        key = question.invoice_id
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry(question, heard_at, now)
        elif entry.question == question and notified_at is None and not entry.is_held:
            return
        entry.question, entry.no_news = question, None
        entry.is_gone = entry.is_held = False
        entry.due = now if notified_at is None else AT_ONCE
        self._push(key, entry, -(notified_at or 0.0))

    def drop(self, invoice_id: int) -> None:
        """Forget an invoice that is not open any more, once no call about it is under way."""
        entry = self._entries.get(invoice_id)
        if entry is None:
            return
        if entry.is_asked:
            entry.is_gone = True
        else:
            del self._entries[invoice_id]

    def take_due(self, now: float, at_most: int) -> list[Entry]:
        """Return what is due, the longest due first, and count each as being asked about."""
        taken: list[Entry] = []
        heap = self._heap
        while heap and len(taken) < at_most and heap[0][0] <= now:
            due, _, key = heapq.heappop(heap)
            entry = self._entries.get(key)
            if entry is None or entry.is_asked or entry.is_held or entry.due != due:
                continue  # this place in the queue has been overtaken
            entry.is_asked = True
            entry.asked_at = entry.due = now
            entry.late_by = now - due if due != AT_ONCE else 0.0
            taken.append(entry)
        return taken

    def answered(self, invoice_id: int, now: float) -> bool:
        """Note that SEQR has answered; return whether that ends an outage.

        If so, whatever was put off is due again, spread over one interval.
        """
        entry = self._entries[invoice_id]
        entry.heard_at = entry.asked_at  # SEQR's answer may be as old as the question
        entry.failures = 0
        self._again(invoice_id, entry, max(entry.asked_at + self._interval, now))
        ends_outage = self._failures_in_a_row >= OUTAGE_AFTER
        self._failures_in_a_row = 0
        if ends_outage:
            self._recall(now)
        return ends_outage

    def failed(self, invoice_id: int, now: float) -> None:
        """Note that a call failed. It is tried again after an interval, in an outage less often."""
        entry = self._entries[invoice_id]
        self._failures_in_a_row += 1
        entry.failures += 1
        pause = self._interval
        if self._failures_in_a_row >= OUTAGE_AFTER:
            pause = min(LONGEST_PAUSE, self._interval * 2.0 ** min(entry.failures, 10))
            pause *= 0.5 + self._random_share() / 2
        self._again(invoice_id, entry, now + pause)

    def ask_again(self, invoice_id: int, now: float) -> None:
        """Have an invoice asked about at once whose call was given up."""
        self._again(invoice_id, self._entries[invoice_id], now)

    def to_be_written(self, invoice_id: int, now: float) -> float:
        """Note that the answer that has just come changes something; return the silence before it.

        Until that is written, a loop after this one would know only of the answers before, and the
        silence before an earlier answer counts for a later one.
        """
        entry = self._entries[invoice_id]
        if entry.unwritten_since is None:
            entry.unwritten_since = entry.heard_at
        entry.silence = max(entry.silence, now - entry.heard_at)
        return entry.silence

    def written(self, invoice_id: int) -> None:
        """Note that what SEQR said of an invoice is written."""
        entry = self._entries.get(invoice_id)
        if entry is not None:
            entry.unwritten_since, entry.silence = None, 0.0

    def hold(self, invoice_id: int) -> None:
        """Do not ask about an invoice until what SEQR said of it is written."""
        self._entries[invoice_id].is_held = True

    def oldest_due(self, now: float) -> float:
        """Return since when the invoice has been due that has waited longest; `now` if none has."""
        heap = self._heap
        while heap and not self._is_current(heap[0]):
            heapq.heappop(heap)
        return min(now, heap[0][0]) if heap and heap[0][0] != AT_ONCE else now

    def oldest_heard(self, now: float) -> float:
        """Return since when SEQR has surely been heard about each of them, and that is written."""
        return min(
            (
                entry.heard_at if entry.unwritten_since is None else entry.unwritten_since
                for entry in self._entries.values()
            ),
            default=now,
        )

    def _is_current(self, place: tuple[float, float, int]) -> bool:
        due, _, key = place
        entry = self._entries.get(key)
        return entry is not None and not (entry.is_asked or entry.is_held) and entry.due == due

    def _again(self, key: int, entry: Entry, due: float) -> None:
        entry.is_asked = False
        if entry.is_gone:
            del self._entries[key]
        else:
            if entry.due != AT_ONCE:  # notified while it was being asked about
                entry.due = due
            self._push(key, entry, 0.0)

    def _push(self, key: int, entry: Entry, rank: float) -> None:
        if not entry.is_asked:
            heapq.heappush(self._heap, (entry.due, rank, key))

    def _recall(self, now: float) -> None:
        for key, entry in self._entries.items():
            if entry.failures and not entry.is_asked:
                entry.failures = 0
                entry.due = now + self._interval * self._random_share()
                self._push(key, entry, 0.0)
