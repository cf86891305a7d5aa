"""The poller: asks SEQR about each open invoice of a shard, once a second.

A loop per shard, under a lock in Redis. Without Redis it goes on, since two loops that ask about
the same invoice do no harm and an invoice that nobody asks about loses a payment. Without
PostgreSQL it goes on asking about the invoices it knows, and keeps the answers until it can write
them. Asking is done by threads that touch no database; writing by the loop itself.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Mod, Now

from orders.clock import database_now
from orders.events import Cause
from payments.models import (
    ASKED_STATUSES,
    CancelReason,
    Invoice,
    InvoiceStatus,
    PollShard,
)
from payments.paying import settings_refused
from payments.seqr import SeqrConfigurationError, SeqrError
from payments.services.polllock import PollLock
from payments.services.refresh import Answer, Question, ask, record_answer

logger = logging.getLogger(__name__)

BY_POLLER = Cause("poller")
INTERVAL_SECONDS = 1.0
ROW_EVERY_SECONDS = 5.0
STALE_AFTER = timedelta(seconds=8)

_stopping = threading.Event()


def _leave_to_the_sweep(_invoice_id: int) -> None:
    """Do nothing about a card: the sweep finds it within seconds."""


class ShardPoller:
    """The open invoices of one shard, when each last had an answer, and the answers to write.

    `on_card` is told of an invoice whose customer waits for our word on a loyalty card.
    """

    def __init__(
        self,
        shard: int,
        *,
        ask_seqr: Callable[[Question], Answer] = ask,
        on_card: Callable[[int], None] = _leave_to_the_sweep,
    ) -> None:
        self.shard = shard
        self._ask_seqr = ask_seqr
        self._on_card = on_card
        self._clock_offset: timedelta | None = None  # of PostgreSQL's clock to this machine's
        self._heard_before_start: datetime | None = None
        self._threads = ThreadPoolExecutor(
            settings.SEQR_MAX_IN_FLIGHT, thread_name_prefix=f"shard-{shard}"
        )
        self._in_flight: set[int] = set()
        self._answered: queue.SimpleQueue[tuple[Question, Answer | SeqrError | None]] = (
            queue.SimpleQueue()
        )
        self._open: dict[int, Question] = {}
        self._last_answer_at: dict[int, datetime] = {}
        self._unwritten: list[tuple[Question, Answer, datetime]] = []
        self._row_written_at = 0.0
        self._refused: dict[int, SeqrConfigurationError] = {}  # by invoice id, not told of yet

    @property
    def under_way(self) -> int:
        """How many invoices SEQR is being asked about just now."""
        return len(self._in_flight)

    def close(self) -> None:
        """Let the calls under way end by themselves; their answers are asked for again."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def start_round(self) -> None:
        """Read which invoices are open, and ask about each that is not being asked about."""
        self._with_database(self._load)
        due = sorted(
            (question for key, question in self._open.items() if key not in self._in_flight),
            key=lambda question: self._last_answer_at[question.invoice_id],
        )
        for question in due[: settings.SEQR_MAX_IN_FLIGHT - len(self._in_flight)]:
            self._in_flight.add(question.invoice_id)
            self._threads.submit(self._ask, question)

    def take_answers(self, for_seconds: float) -> None:
        """Write what the answers change, as they come, for so long."""
        self._write_pending()
        until = time.monotonic() + for_seconds
        while (remaining := until - time.monotonic()) > 0:
            try:
                question, answer = self._answered.get(timeout=remaining)
            except queue.Empty:
                break
            self._take(question, answer)

    def end_round(self) -> None:
        """Leave word in the shard's row, every few seconds, that it goes round."""
        if time.monotonic() - self._row_written_at >= ROW_EVERY_SECONDS:
            self._with_database(self._write_row)
            if self._refused and self._with_database(self._tell_of_refusal):
                self._refused.clear()

    def _tell_of_refusal(self) -> None:
        newest = max(self._refused)  # an older one might be refused for itself
        with transaction.atomic():
            settings_refused(Invoice.objects.get(pk=newest), self._refused[newest], BY_POLLER)

    def _ask(self, question: Question) -> None:
        answer: Answer | SeqrError | None = None
        try:
            answer = self._ask_seqr(question)
        except SeqrError as error:
            answer = error
            logger.warning("invoice %s: %s", question.invoice_id, error)
        except Exception:
            logger.exception("invoice %s could not be asked about", question.invoice_id)
        finally:
            self._answered.put((question, answer))

    def _take(self, question: Question, answer: Answer | SeqrError | None) -> None:
        key = question.invoice_id
        self._in_flight.discard(key)
        if isinstance(answer, SeqrConfigurationError):
            self._refused[key] = answer
        if not isinstance(answer, Answer):
            return
        self._refused.pop(key, None)
        before = self._last_answer_at.get(key, self._now())
        self._last_answer_at[key] = self._now()
        if answer.is_news(question):
            self._unwritten.append((question, answer, before))
            self._write_pending()

    def _write_pending(self) -> None:
        while self._unwritten:
            question, answer, before = self._unwritten[0]

            def write() -> None:
                record_answer(question, answer, BY_POLLER, last_answer_at=before)  # noqa: B023

            try:
                if not self._with_database(write):
                    return
            except Exception:  # a bad answer must not keep the others from being written
                logger.exception("invoice %s: the answer could not be written", question.invoice_id)
            if answer.status == InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE:
                # In a thread: the loop waits for no broker.
                self._threads.submit(self._on_card, question.invoice_id)
            del self._unwritten[0]
            self._open.pop(question.invoice_id, None)  # read again, as it is now

    def _with_database(self, work: Callable[[], None]) -> bool:
        """Do something with the database; return False where the database is away."""
        try:
            work()
        except (OperationalError, InterfaceError) as error:
            logger.error("shard %s: the database is away: %s", self.shard, type(error).__name__)
            return False
        finally:
            connection.close()  # goes back to the pool, which may be smaller than our number
        return True

    def _load(self) -> None:
        rows = (
            Invoice.objects.annotate(shard=Mod("id", settings.SEQR_POLL_SHARDS))
            .filter(
                Q(status__in=ASKED_STATUSES) | Q(status=InvoiceStatus.PAID, acknowledged_at=None),
                shard=self.shard,
                invoice_reference__isnull=False,
            )
            .exclude(cancel_reason=CancelReason.SUPERSEDED)
            .values_list("id", "invoice_reference", "invoice_version", "status", "issued_at")
        )
        if self._clock_offset is None:
            self._clock_offset = database_now() - datetime.now(UTC)
            row = PollShard.objects.filter(number=self.shard).first()
            self._heard_before_start = row.oldest_answer_at if row else None
        self._open = {}
        known: dict[int, datetime] = {}
        for key, reference, version, status, issued_at in rows:
            assert reference is not None
            assert issued_at is not None  # it has a reference
            self._open[key] = Question(key, reference, version, InvoiceStatus(status))
            known[key] = self._last_answer_at.get(key) or max(
                issued_at, self._heard_before_start or issued_at
            )
        self._last_answer_at = known

    def _now(self) -> datetime:
        """PostgreSQL's time, without asking it."""
        return datetime.now(UTC) + (self._clock_offset or timedelta())

    def _write_row(self) -> None:
        now = database_now()
        oldest = min(self._last_answer_at.values(), default=now)
        PollShard.objects.update_or_create(
            number=self.shard,
            defaults={"round_started_at": now, "oldest_answer_at": min(oldest, now)},
        )
        self._row_written_at = time.monotonic()


def run_shard(
    shard: int, for_seconds: float, on_card: Callable[[int], None] = _leave_to_the_sweep
) -> bool:
    """Poll a shard for so long; return whether this process is to go on with it.

    It is not where another loop polls the shard, and where the process is being stopped.
    """
    lock = PollLock(shard)
    if not lock.take():
        return False
    poller = ShardPoller(shard, on_card=on_card)
    until = time.monotonic() + for_seconds
    try:
        while time.monotonic() < until and not _stopping.is_set():
            started = time.monotonic()
            poller.start_round()
            poller.take_answers(started + INTERVAL_SECONDS - time.monotonic())
            poller.end_round()
            if not lock.keep():
                return False
    finally:
        poller.close()
        lock.give_back()
    return not _stopping.is_set()


def stop_polling() -> None:
    """Have this process's loops end after their round, so that another worker takes over."""
    _stopping.set()


def shard_is_stale(shard: int) -> bool:
    """Whether a shard has not gone round for longer than it should, by its row."""
    return not PollShard.objects.filter(
        number=shard, round_started_at__gt=Now() - STALE_AFTER
    ).exists()
