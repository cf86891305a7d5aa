"""Repeats queries whose calls are stuck, so that a lost call costs no invoice its deadline.

getPaymentStatus may be sent again at any time. Of several calls about an invoice, the first answer
counts, and the poller abandons the others.
"""

from typing import Protocol

from payments.polling.concurrency import SLOW_CALL_SECONDS, ConcurrencyLimit
from payments.polling.schedule import Entry, Schedule
from payments.seqr import CompletedStatusCall, Credentials

STUCK_CALL_SECONDS = 2.0  # from which a call is replaced by another one
SLOWEST_ANSWERS = 1.5  # the same, as a multiple of the slowest of the recent answers
PROBE_INTERVAL_SECONDS = 1.0  # between two repeated queries while no answer arrives
PROBE_MIN_CALLS = 8  # in flight, of which one may be given up for a probe


class StatusClient(Protocol):
    """Calls getPaymentStatus for many invoices at once: payments.seqr.BulkStatusClient."""

    def __len__(self) -> int: ...
    def set_credentials(self, terminal: int, credentials: Credentials) -> None: ...
    def send(
        self, key: int, terminal: int, invoice_reference: str, invoice_version: int
    ) -> None: ...
    def flush(self) -> None: ...
    def collect(self) -> list[CompletedStatusCall]: ...
    def keys_older_than(self, seconds: float) -> list[int]: ...
    def abandon(self, key: int) -> int: ...


def send_query(calls: StatusClient, entry: Entry) -> None:
    """Send the query about an invoice."""
    query = entry.query
    calls.send(query.invoice_id, query.terminal_id, query.invoice_reference, query.invoice_version)


class QueryRepeater:
    """Decides which of one shard's unanswered queries are sent again."""

    def __init__(
        self,
        calls: StatusClient,
        schedule: Schedule,
        concurrency: ConcurrencyLimit,
        max_in_flight: int,
    ) -> None:
        self._calls = calls
        self._schedule = schedule
        self._concurrency = concurrency
        self._max_in_flight = max_in_flight
        self._probed_at = float("-inf")
        self._is_stalled = False  # no answer arrived when last looked at

    def repeat(self, now: float, *, is_limit_reached: bool) -> None:
        """Query again where a call is unanswered although other calls are answered.

        While no call is answered, one query a second is repeated, to notice the end of it; less
        often if the last answers were slower.
        """
        slowest = self._concurrency.slowest_answer_seconds
        is_quick = self._concurrency.answers_are_quick
        unanswered_for = now - max(self._schedule.answered_at, self._probed_at)
        if unanswered_for >= max(PROBE_INTERVAL_SECONDS, slowest) and not is_quick:
            self._probe(now)
            return
        if is_quick and (self._is_stalled or len(self._calls) >= self._max_in_flight):
            self.replace_stuck_calls(now)
        if now - self._schedule.answered_at < SLOW_CALL_SECONDS:
            self._is_stalled = False
        if is_quick or not is_limit_reached:
            for invoice_id in self._calls.keys_older_than(SLOW_CALL_SECONDS):
                self._schedule.repeat(invoice_id, now, slowest)

    def replace_stuck_calls(self, now: float) -> None:
        """Repeat older calls in their own place: others are answered, or no more may be in flight.

        The second call of an invoice is not replaced: its answers may be slow.
        """
        slow = SLOWEST_ANSWERS * self._concurrency.slowest_answer_seconds
        for invoice_id in self._calls.keys_older_than(max(STUCK_CALL_SECONDS, slow)):
            entry = self._schedule[invoice_id]
            if not (entry.is_replaced or entry.is_held or entry.is_closed):
                entry.is_replaced = True
                self._replace_call(entry, now)

    def _replace_call(self, entry: Entry, now: float) -> None:
        entry.calls -= self._calls.abandon(entry.query.invoice_id)
        self._schedule.mark_in_flight(entry, now)
        send_query(self._calls, entry)

    def _probe(self, now: float) -> None:
        """Repeat the query that has been in flight longest.

        Where no further call may be in flight, repeat the one that can wait best, in its own place:
        its invoice was answered last.
        """
        unanswered = [
            entry
            for key in self._calls.keys_older_than(PROBE_INTERVAL_SECONDS)
            if not ((entry := self._schedule[key]).is_held or entry.is_closed)
        ]
        if not unanswered:
            return
        self._probed_at, self._is_stalled = now, True
        if len(self._calls) < self._max_in_flight:
            entry = min(unanswered, key=lambda entry: entry.queried_at)
            self._schedule.mark_in_flight(entry, now)
            send_query(self._calls, entry)
        elif self._max_in_flight >= PROBE_MIN_CALLS:
            self._replace_call(max(unanswered, key=lambda entry: entry.last_answer_at), now)
