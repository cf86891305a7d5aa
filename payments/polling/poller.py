"""One shard's conversation with SEQR. Waits for nothing: neither for SEQR nor for a database."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from payments.invoices.status_query import StatusQuery, StatusResult, answer_of, answer_of_error
from payments.models import InvoiceStatus
from payments.polling.concurrency import SLOW_SECONDS, Window
from payments.polling.schedule import Entry, Schedule
from payments.polling.stats import Figures
from payments.seqr import (
    CallRecord,
    CompletedStatusCall,
    PaymentStatus,
    ResultCode,
    SeqrConfigurationError,
    SeqrError,
)

logger = logging.getLogger(__name__)

ADAPT_SECONDS = 0.25
STUCK_SECONDS = 2.0  # calls older than this at the end of an outage will hardly be answered
TICK_SECONDS = 0.005
IDLE_SECONDS = 0.02


class Calls(Protocol):
    """What asks SEQR: payments.seqr.BulkStatusClient."""

    def __len__(self) -> int: ...
    def send(self, key: int, invoice_reference: str, invoice_version: int) -> None: ...
    def collect(self) -> list[CompletedStatusCall]: ...
    def count_older_than(self, seconds: float) -> int: ...
    def abandon(self, older_than_seconds: float) -> list[int]: ...


@dataclass(frozen=True)
class OpenInvoice:
    """An invoice to be asked about, and when SEQR was last heard about it, by the asking's clock.

    `is_written`: it stands so because what SEQR said of it has been written.
    """

    question: StatusQuery
    heard_at: float
    notified_at: float | None = None
    is_written: bool = False


@dataclass(frozen=True)
class Heartbeat:
    """How the asking goes, at a moment of its clock, with so much of what was handed over."""

    at: float
    taken_over: int
    oldest_due: float
    oldest_heard: float
    open: int


@dataclass(frozen=True)
class News:
    """An answer that changes something, and how long SEQR had not been heard before it."""

    question: StatusQuery
    answer: StatusResult
    unheard_seconds: float


class ShardPoller:
    """Asks about each open invoice of a shard in its turn, and keeps the answers that are news.

    One thread takes the steps; any other one may hand over invoices and take the news away.
    """

    def __init__(
        self,
        shard: int,
        calls: Calls,
        *,
        interval: float,
        max_in_flight: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shard = shard
        self._calls = calls
        self._clock = clock
        self._most = max_in_flight
        self._window = Window(max_in_flight)
        self._adapted_at = clock()
        self._slow = 0
        self.schedule = Schedule(interval)
        self._handed_over: SimpleQueue[OpenInvoice | int] = SimpleQueue()
        self.handed_over = 0  # how many invoices, in all
        self._taken_over = 0
        self._news: dict[int, News] = {}
        self._news_lock = threading.Lock()
        self.news_came = threading.Event()
        self._refused: dict[int, SeqrConfigurationError] = {}  # by invoice id
        self.figures = Figures(clock())
        self.word = self._word_at(clock())
        self._is_stopping = False

    @property
    def under_way(self) -> int:
        """How many invoices SEQR is being asked about just now."""
        return len(self._calls)

    def hand_over(self, invoice: OpenInvoice) -> None:
        """Have an invoice asked about, or tell what is new about it."""
        self.handed_over += 1
        self._handed_over.put(invoice)

    def hand_over_closed(self, invoice_id: int) -> None:
        """Have an invoice asked about no more."""
        self.handed_over += 1
        self._handed_over.put(invoice_id)

    def take_news(self) -> list[News]:
        """Return the answers to be written, of each invoice the latest one."""
        with self._news_lock:
            news, self._news = self._news, {}
            self.news_came.clear()
        return list(news.values())

    def give_back(self, news: list[News]) -> None:
        """Keep what could not be written, unless there is a later answer by now."""
        with self._news_lock:
            self._news = {each.question.invoice_id: each for each in news} | self._news

    def stop(self) -> None:
        """Ask nothing more; further steps only take in what has come."""
        self._is_stopping = True

    def take_refused(self) -> dict[int, SeqrConfigurationError]:
        """Return for which invoices, by id, SEQR has refused our settings and still does."""
        with self._news_lock:
            refused, self._refused = self._refused, {}
        return refused

    def step(self) -> float:
        """Take in what has come, ask what is due; return for how many seconds nothing is to do."""
        now = self._clock()
        self._take_over(now)
        for reply in self._calls.collect():
            self._take(reply, now)
        if now - self._adapted_at >= ADAPT_SECONDS:
            self._adapt(now)
        if not self._is_stopping:
            self._ask(now)
        return TICK_SECONDS if len(self._calls) else IDLE_SECONDS

    def _take_over(self, now: float) -> None:
        try:
            while True:
                invoice = self._handed_over.get_nowait()
                self._taken_over += 1
                if isinstance(invoice, int):
                    self.schedule.drop(invoice)
                    continue
                if invoice.is_written:
                    self.schedule.written(invoice.question.invoice_id)
                self.schedule.put(
                    invoice.question,
                    now,
                    heard_at=invoice.heard_at,
                    notified_at=invoice.notified_at,
                )
        except Empty:
            return

    def _ask(self, now: float) -> None:
        under_way = len(self._calls)
        quick = max(0, under_way - self._slow)
        room = min(self._window.size - quick, self._most - under_way)
        due = self.schedule.take_due(now, room) if room > 0 else []
        if len(due) == room:
            self._window.full()
        if due:  # all as late as the latest: they are some milliseconds apart
            self.figures.lateness.note(max(entry.late_by for entry in due), len(due))
        for entry in due:
            question = entry.question
            self._calls.send(
                question.invoice_id, question.invoice_reference, question.invoice_version
            )

    def _adapt(self, now: float) -> None:
        self._window.adapt()
        self._slow = self._calls.count_older_than(SLOW_SECONDS)
        self._adapted_at = now
        self.word = self._word_at(now)

    def _word_at(self, now: float) -> Heartbeat:
        schedule = self.schedule
        return Heartbeat(
            now,
            self._taken_over,
            schedule.oldest_due(now),
            schedule.oldest_heard(now),
            len(schedule),
        )

    def _take(self, reply: CompletedStatusCall, now: float) -> None:
        entry = self.schedule[reply.key]
        self._window.ended(reply.duration_seconds)
        self.figures.asked += 1
        self.figures.answer_time.note(reply.duration_seconds)
        outcome = reply.outcome
        if outcome is not entry.no_news:
            answer = self._understand(entry, outcome)
            if answer is None:
                self.schedule.failed(reply.key, now)
                return
            if answer.needs_write(entry.question):
                self._keep(entry, replace(answer, call=_call(reply)), now)
            elif isinstance(outcome, PaymentStatus):
                entry.no_news = outcome
        if self._refused:
            self._accepted(reply.key)
        if self.schedule.answered(reply.key, now):
            for invoice_id in self._calls.abandon(STUCK_SECONDS):
                self.schedule.ask_again(invoice_id, now)

    def _understand(self, entry: Entry, outcome: PaymentStatus | SeqrError) -> StatusResult | None:
        """Return what an outcome means; None where it tells nothing of the invoice."""
        if isinstance(outcome, PaymentStatus):
            return answer_of(outcome)
        answer = answer_of_error(entry.question, outcome)
        if answer is None:
            kind = type(outcome).__name__
            if not self.figures.errors[kind]:  # once in ten seconds; the rest are counted
                logger.warning("invoice %s: %s", entry.question.invoice_id, outcome)
            self.figures.errors[kind] += 1
            if isinstance(outcome, SeqrConfigurationError):
                with self._news_lock:
                    self._refused[entry.question.invoice_id] = outcome
        return answer

    def _accepted(self, invoice_id: int) -> None:
        with self._news_lock:
            self._refused.pop(invoice_id, None)

    def _keep(self, entry: Entry, answer: StatusResult, now: float) -> None:
        key = entry.question.invoice_id
        if answer.is_routine(entry.question):
            unheard = now - entry.heard_at
        else:
            unheard = self.schedule.to_be_written(key, now)
        with self._news_lock:
            self._news[key] = News(entry.question, answer, unheard)
            self.news_came.set()
        if answer.status == InvoiceStatus.PAID:
            self.schedule.hold(key)


def _call(reply: CompletedStatusCall) -> CallRecord:
    code: int | None = ResultCode.SUCCESS.value
    reason = ""
    if isinstance(reply.outcome, SeqrError):
        code, reason = reply.outcome.result_code, reply.outcome.reason
    milliseconds = int(reply.duration_seconds * 1000)
    return CallRecord("getPaymentStatus", reply.client_reference, milliseconds, code, reason)
