"""Sends the status queries of one shard to SEQR and collects their results. Never blocks."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from orders.event_lines import order_in_line
from payments.invoices.status_query import (
    StatusQuery,
    StatusResult,
    result_of_error,
    result_of_status,
)
from payments.models import InvoiceStatus
from payments.polling.call_metrics import CallMetrics
from payments.polling.concurrency import (
    ADAPT_INTERVAL_SECONDS,
    SLOW_CALL_SECONDS,
    ConcurrencyLimit,
)
from payments.polling.repeats import QueryRepeater, StatusClient, send_query
from payments.polling.schedule import SLOTS_PER_SECOND, Entry, Schedule
from payments.polling.stats import PollStats
from payments.seqr import (
    CallRecord,
    CompletedStatusCall,
    Credentials,
    PaymentStatus,
    ResultCode,
    SeqrConfigurationError,
    SeqrError,
    SeqrUnavailable,
)

logger = logging.getLogger(__name__)

BUSY_DECAY = 0.75  # per adaptation: the answers of the last second count
SLOT_SECONDS = 1 / SLOTS_PER_SECOND
BUSY_PAUSE_SECONDS = 0.005  # while due queries wait for calls to finish
SHORTEST_PAUSE_SECONDS = 0.001
# A backlog is sent at twice the normal rate, so that it does not reach SEQR at once, every second.
BACKLOG_RATE = 2.0
BACKLOG_STEP_SECONDS = 0.1  # the longest step that counts
BACKLOG_MIN_QUERIES = 50  # in a step


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
    answers are written too. Both leave out invoices whose terminal SEQR refuses: `refused` has when
    it last answered about these, by terminal.
    """

    at: float
    accepted_count: int
    oldest_due: float
    oldest_answer: float
    oldest_written_answer: float
    open: int
    refused: Mapping[int, float]


@dataclass(frozen=True)
class StatusUpdate:
    """A result that has to be written, its query, and the seconds without an answer before it."""

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
        self._interval = interval
        self.concurrency = ConcurrencyLimit(max_in_flight)
        self._stepped_at = self._adapted_at = clock()
        self._is_limit_reached = False
        self._busy_answers = self._finished_calls = 0.0  # decayed at each adaptation
        self.schedule = Schedule(interval)
        self._repeater = QueryRepeater(calls, self.schedule, self.concurrency, max_in_flight)
        self._submissions: SimpleQueue[OpenInvoice | int] = SimpleQueue()
        self.submitted_count = 0
        self._accepted_count = 0
        self._updates: dict[int, StatusUpdate] = {}
        self._updates_lock = threading.Lock()
        self.updates_available = threading.Event()
        self._configuration_errors: dict[int, SeqrConfigurationError] = {}  # by invoice id
        self.stats = PollStats(clock())
        self._call_metrics = CallMetrics()
        self.heartbeat = self._heartbeat_at(clock())
        self._is_stopping = False

    @property
    def max_in_flight(self) -> int:
        """The number of calls that may be in flight."""
        return self._max_in_flight

    @property
    def in_flight(self) -> int:
        """The number of calls in flight."""
        return len(self._calls)

    def set_credentials(self, terminal_id: int, credentials: Credentials) -> None:
        """Use these credentials for queries as a terminal. Any thread may call it."""
        self._call_metrics.name_terminal(terminal_id, credentials.terminal_id)
        self._calls.set_credentials(terminal_id, credentials)

    def submit(self, invoice: OpenInvoice) -> None:
        """Start polling an invoice, or replace its query. Its terminal's credentials are set."""
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
        """Collect results and send due queries; return the seconds to pause afterwards.

        The pause lasts until the next slot of the schedule, whose queries are sent at once. It is
        shorter while due queries wait for calls to finish.
        """
        now = self._clock()
        self._accept_submissions(now)
        self.concurrency.record_step(len(self._calls), now - self._stepped_at)
        completed = self._calls.collect()
        if completed:
            self._handle_results(completed, now)
        if now - self._adapted_at >= ADAPT_INTERVAL_SECONDS:
            self._adapt(now)
        if not self._is_stopping:
            self._send_due(now, now - self._stepped_at)
        self._stepped_at = now
        pause = BUSY_PAUSE_SECONDS if self._is_limit_reached else SLOT_SECONDS
        return max(SHORTEST_PAUSE_SECONDS, now + pause - self._clock())

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

    def _send_due(self, now: float, seconds: float) -> None:
        """Send the queries that are due, at most as many as `seconds` of this step allow."""
        in_flight = len(self._calls)
        notified = self.schedule.take_notified(now, self._max_in_flight - in_flight)
        room = self.concurrency.limit - in_flight - len(notified)
        rate = BACKLOG_RATE * len(self.schedule) / self._interval
        backlog = max(BACKLOG_MIN_QUERIES, round(rate * min(seconds, BACKLOG_STEP_SECONDS)))
        due = self.schedule.take_due(now, min(room, backlog)) if room > 0 else []
        self._is_limit_reached = len(due) >= room
        if self._is_limit_reached:
            self.concurrency.record_limit_reached()
        if due:  # all counted as late as the first: they are milliseconds apart
            self.stats.lateness.record(due[0].lateness_seconds, len(due))
        for entry in (*notified, *due):
            send_query(self._calls, entry)
        self._calls.flush()

    def _adapt(self, now: float) -> None:
        self.concurrency.adapt(len(self.schedule))
        if self._finished_calls:
            self.schedule.record_busy_share(self._busy_answers / self._finished_calls)
        self._busy_answers *= BUSY_DECAY
        self._finished_calls *= BUSY_DECAY
        if not self._is_stopping:
            self._repeater.repeat(now, is_limit_reached=self._is_limit_reached)
        self._adapted_at = now
        self._call_metrics.flush()
        self.heartbeat = self._heartbeat_at(now)

    def _heartbeat_at(self, now: float) -> Heartbeat:
        oldest = self.schedule.oldest_answers(now)
        return Heartbeat(
            now,
            self._accepted_count,
            self.schedule.oldest_due(now),
            oldest.received,
            oldest.written,
            len(self.schedule),
            oldest.refused,
        )

    def _handle_results(self, completed: list[CompletedStatusCall], now: float) -> None:
        durations = [call.duration_seconds for call in completed]
        self.concurrency.record_calls(durations)
        self.stats.queries += len(completed)
        self.stats.answer_time.record_all(durations)
        self._call_metrics.record(completed, durations)
        self._finished_calls += len(completed)
        ends_outage = False
        for call in completed:
            if self._handle_result(call, now):
                ends_outage = True
        # Sending collects results too: before the answers above are handled, one about the same
        # invoice would later count as the answer to its next query.
        if ends_outage and not self._is_stopping:
            self._repeater.replace_stuck_calls(now)

    def _handle_result(self, call: CompletedStatusCall, now: float) -> bool:
        """Handle a finished call; return whether it ends an outage. Sends no query."""
        entry = self.schedule.get(call.key)
        if entry is None or not entry.calls:
            return False  # another call about it, collected with this one, was answered
        outcome = call.outcome
        if outcome is not entry.unchanged_status:
            result = self._interpret(entry, outcome)
            if result is None:
                self._record_failure(call, now)
                return False
            if result.needs_write(entry.sent_query):
                self._keep(entry, replace(result, call=_call_record(call)), now)
            elif isinstance(outcome, PaymentStatus) and entry.sent_query is entry.query:
                entry.unchanged_status = outcome
        if self._configuration_errors:
            self._clear_configuration_error(call.key)
        sent_at = entry.queried_at
        if call.duration_seconds >= SLOW_CALL_SECONDS:
            self.concurrency.record_slow_answer(call.duration_seconds)
        if entry.calls > 1:  # the query was repeated: the first answer counts
            sent_at = now - call.duration_seconds
            self._calls.abandon(call.key)
        return self.schedule.record_answer(entry, now, sent_at)

    def _record_failure(self, call: CompletedStatusCall, now: float) -> None:
        if isinstance(call.outcome, SeqrConfigurationError):
            self.schedule.record_refusal(call.key, now)
            return
        self.concurrency.record_failure(call.duration_seconds)
        if isinstance(call.outcome, SeqrUnavailable) and call.duration_seconds < SLOW_CALL_SECONDS:
            self._busy_answers += 1
        self.schedule.record_failure(call.key, now)

    def _interpret(self, entry: Entry, outcome: PaymentStatus | SeqrError) -> StatusResult | None:
        """Return the result of an outcome; None for an error that says nothing of the invoice."""
        if isinstance(outcome, PaymentStatus):
            return result_of_status(outcome)
        result = result_of_error(entry.sent_query, outcome)
        if result is None:
            kind = type(outcome).__name__
            if not self.stats.errors[kind]:  # logged once per stats line; the rest are counted
                query = entry.query
                ids = order_in_line(query.order_id)
                logger.warning("invoice %s: %s", query.invoice_id, outcome, extra=ids)
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
        if result.is_unchanged(entry.sent_query):
            silence = now - entry.last_answer_at
        else:
            silence = self.schedule.mark_unwritten(key, now)
        with self._updates_lock:
            self._updates[key] = StatusUpdate(entry.sent_query, result, silence)
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
