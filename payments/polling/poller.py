"""Sends the status queries of one shard to SEQR and collects their results. Never blocks."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from payments.invoices.status_query import (
    StatusQuery,
    StatusResult,
    result_of_error,
    result_of_status,
)
from payments.models import InvoiceStatus
from payments.polling.concurrency import SLOW_CALL_SECONDS, ConcurrencyLimit
from payments.polling.schedule import Entry, Schedule
from payments.polling.stats import PollStats
from payments.seqr import (
    CallRecord,
    CompletedStatusCall,
    PaymentStatus,
    ResultCode,
    SeqrConfigurationError,
    SeqrError,
)

logger = logging.getLogger(__name__)

ADAPT_INTERVAL_SECONDS = 0.25
STUCK_CALL_SECONDS = 2.0  # calls older than this at the end of an outage are abandoned
BUSY_PAUSE_SECONDS = 0.005
IDLE_PAUSE_SECONDS = 0.02


class StatusClient(Protocol):
    """Calls getPaymentStatus for many invoices at once: payments.seqr.BulkStatusClient."""

    def __len__(self) -> int: ...
    def send(self, key: int, invoice_reference: str, invoice_version: int) -> None: ...
    def collect(self) -> list[CompletedStatusCall]: ...
    def count_older_than(self, seconds: float) -> int: ...
    def abandon(self, older_than_seconds: float) -> list[int]: ...


@dataclass(frozen=True)
class OpenInvoice:
    """An invoice to poll. Times are of the poller's clock, but `notified_at` of any clock.

    `is_written`: every earlier result about it has been written.
    """

    query: StatusQuery
    last_answer_at: float
    notified_at: float | None = None
    is_written: bool = False


@dataclass(frozen=True)
class Heartbeat:
    """The poller's state at time `at` of its clock, after it accepted so many submissions.

    Since `oldest_answer` SEQR has answered about every invoice; since `oldest_written_answer` those
    answers are written too.
    """

    at: float
    accepted_count: int
    oldest_due: float
    oldest_answer: float
    oldest_written_answer: float
    open: int


@dataclass(frozen=True)
class StatusUpdate:
    """A result that has to be written, and the seconds without an answer before it."""

    query: StatusQuery
    result: StatusResult
    silence_seconds: float


class ShardPoller:
    """Queries each open invoice of a shard in turn, and keeps the results that need a write.

    One thread calls `step`. Any other thread may submit invoices and drain updates.
    """

    def __init__(
        self,
        shard: int,
        calls: StatusClient,
        *,
        interval: float,
        max_in_flight: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shard = shard
        self._calls = calls
        self._clock = clock
        self._max_in_flight = max_in_flight
        self._concurrency = ConcurrencyLimit(max_in_flight)
        self._adapted_at = clock()
        self._slow = 0
        self.schedule = Schedule(interval)
        self._submissions: SimpleQueue[OpenInvoice | int] = SimpleQueue()
        self.submitted_count = 0
        self._accepted_count = 0
        self._updates: dict[int, StatusUpdate] = {}
        self._updates_lock = threading.Lock()
        self.updates_available = threading.Event()
        self._configuration_errors: dict[int, SeqrConfigurationError] = {}  # by invoice id
        self.stats = PollStats(clock())
        self.heartbeat = self._heartbeat_at(clock())
        self._is_stopping = False

    @property
    def in_flight(self) -> int:
        """The number of calls in flight."""
        return len(self._calls)

    def submit(self, invoice: OpenInvoice) -> None:
        """Start polling an invoice, or replace its query."""
        self.submitted_count += 1
        self._submissions.put(invoice)

    def submit_closed(self, invoice_id: int) -> None:
        """Stop polling an invoice."""
        self.submitted_count += 1
        self._submissions.put(invoice_id)

    def drain_updates(self) -> list[StatusUpdate]:
        """Return and clear the updates to write: the latest of each invoice."""
        with self._updates_lock:
            updates, self._updates = self._updates, {}
            self.updates_available.clear()
        return list(updates.values())

    def requeue(self, updates: list[StatusUpdate]) -> None:
        """Keep updates that could not be written, unless a later one has arrived."""
        with self._updates_lock:
            self._updates = {each.query.invoice_id: each for each in updates} | self._updates

    def stop(self) -> None:
        """Send no more queries; further steps only collect results."""
        self._is_stopping = True

    def drain_configuration_errors(self) -> dict[int, SeqrConfigurationError]:
        """Return and clear the configuration errors that no later answer has ended, by invoice."""
        with self._updates_lock:
            errors, self._configuration_errors = self._configuration_errors, {}
        return errors

    def step(self) -> float:
        """Collect results and send due queries; return the seconds to pause afterwards."""
        now = self._clock()
        self._accept_submissions(now)
        for call in self._calls.collect():
            self._handle_result(call, now)
        if now - self._adapted_at >= ADAPT_INTERVAL_SECONDS:
            self._adapt(now)
        if not self._is_stopping:
            self._send_due(now)
        return BUSY_PAUSE_SECONDS if len(self._calls) else IDLE_PAUSE_SECONDS

    def _accept_submissions(self, now: float) -> None:
        try:
            while True:
                submission = self._submissions.get_nowait()
                self._accepted_count += 1
                if isinstance(submission, int):
                    self.schedule.remove(submission)
                    continue
                if submission.is_written:
                    self.schedule.mark_written(submission.query.invoice_id)
                self.schedule.put(
                    submission.query,
                    now,
                    last_answer_at=submission.last_answer_at,
                    notified_at=submission.notified_at,
                )
        except Empty:
            return

    def _send_due(self, now: float) -> None:
        in_flight = len(self._calls)
        quick = max(0, in_flight - self._slow)
        room = min(self._concurrency.limit - quick, self._max_in_flight - in_flight)
        due = self.schedule.take_due(now, room) if room > 0 else []
        if len(due) == room:
            self._concurrency.record_limit_reached()
        if due:  # all counted as late as the latest: they are milliseconds apart
            self.stats.lateness.record(max(entry.lateness_seconds for entry in due), len(due))
        for entry in due:
            query = entry.query
            self._calls.send(query.invoice_id, query.invoice_reference, query.invoice_version)

    def _adapt(self, now: float) -> None:
        self._concurrency.adapt()
        self._slow = self._calls.count_older_than(SLOW_CALL_SECONDS)
        self._adapted_at = now
        self.heartbeat = self._heartbeat_at(now)

    def _heartbeat_at(self, now: float) -> Heartbeat:
        schedule = self.schedule
        return Heartbeat(
            now,
            self._accepted_count,
            schedule.oldest_due(now),
            schedule.oldest_answer(now),
            schedule.oldest_written_answer(now),
            len(schedule),
        )

    def _handle_result(self, call: CompletedStatusCall, now: float) -> None:
        entry = self.schedule[call.key]
        self._concurrency.record_call(call.duration_seconds)
        self.stats.queries += 1
        self.stats.answer_time.record(call.duration_seconds)
        outcome = call.outcome
        if outcome is not entry.unchanged_status:
            result = self._interpret(entry, outcome)
            if result is None:
                self.schedule.record_failure(call.key, now)
                return
            if result.needs_write(entry.query):
                self._keep(entry, replace(result, call=_call_record(call)), now)
            elif isinstance(outcome, PaymentStatus):
                entry.unchanged_status = outcome
        if self._configuration_errors:
            self._clear_configuration_error(call.key)
        if self.schedule.record_answer(call.key, now):
            for invoice_id in self._calls.abandon(STUCK_CALL_SECONDS):
                self.schedule.reschedule_now(invoice_id, now)

    def _interpret(self, entry: Entry, outcome: PaymentStatus | SeqrError) -> StatusResult | None:
        """Return the result of an outcome; None for an error that says nothing of the invoice."""
        if isinstance(outcome, PaymentStatus):
            return result_of_status(outcome)
        result = result_of_error(entry.query, outcome)
        if result is None:
            kind = type(outcome).__name__
            if not self.stats.errors[kind]:  # logged once per stats line; the rest are counted
                logger.warning("invoice %s: %s", entry.query.invoice_id, outcome)
            self.stats.errors[kind] += 1
            if isinstance(outcome, SeqrConfigurationError):
                with self._updates_lock:
                    self._configuration_errors[entry.query.invoice_id] = outcome
        return result

    def _clear_configuration_error(self, invoice_id: int) -> None:
        with self._updates_lock:
            self._configuration_errors.pop(invoice_id, None)

    def _keep(self, entry: Entry, result: StatusResult, now: float) -> None:
        key = entry.query.invoice_id
        if result.is_unchanged(entry.query):
            silence = now - entry.last_answer_at
        else:
            silence = self.schedule.mark_unwritten(key, now)
        with self._updates_lock:
            self._updates[key] = StatusUpdate(entry.query, result, silence)
            self.updates_available.set()
        if result.status == InvoiceStatus.PAID:
            self.schedule.hold(key)


def _call_record(call: CompletedStatusCall) -> CallRecord:
    code: int | None = ResultCode.SUCCESS.value
    reason = ""
    if isinstance(call.outcome, SeqrError):
        code, reason = call.outcome.result_code, call.outcome.reason
    milliseconds = int(call.duration_seconds * 1000)
    return CallRecord("getPaymentStatus", call.client_reference, milliseconds, code, reason)
