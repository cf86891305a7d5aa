"""One shard's side of the database: which invoices are open, what SEQR's answers change."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DataError, InterfaceError, OperationalError, connection, transaction
from django.db.models import BigIntegerField, Func, Q, QuerySet
from django.db.models.functions import Now

from orders.audit import ChangeSource
from orders.clock import database_now
from payments.availability.pause import pause_payments
from payments.invoices.apply_status import apply_status, apply_unchanged_batch
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.models import CancelReason, Invoice, InvoiceStatus, PollShard
from payments.polling.poller import News, OpenInvoice, ShardPoller
from payments.polling.shards import invoices_to_ask, open_at_seqr

logger = logging.getLogger(__name__)

BY_POLLER = ChangeSource("poller")
READ_SECONDS = 1.0
READ_ALL_SECONDS = 5.0
LATELY = timedelta(seconds=15)  # so that no transaction is too slow to be seen
ROW_SECONDS = 5.0
WRITE_SECONDS = 1.0  # in one step
ROWS_AT_A_TIME = 2000

COLUMNS = (
    "id",
    "invoice_reference",
    "invoice_version",
    "status",
    "issued_at",
    "notified_at",
)
_Row = tuple[int, str | None, int, str, datetime | None, datetime | None, int]
# What a row comes to: ten thousand of these are read in the time of a tenth as many rows.
DIGEST = Func(
    *COLUMNS,
    template="hash_record_extended(ROW(%(expressions)s), 0)",
    output_field=BigIntegerField(),
)


def leave_to_the_sweep(_invoice_id: int) -> None:
    """Do nothing about a card: the sweep finds it within seconds."""


class PollStore:
    """Reads and writes for the asking of one shard. Each step may take as long as it takes.

    `on_card` is told of an invoice whose customer waits for our word on a loyalty card.
    """

    def __init__(
        self,
        shard: int,
        asking: ShardPoller,
        *,
        on_card: Callable[[int], None] = leave_to_the_sweep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shard = shard
        self._asking = asking
        self._on_card = on_card
        self._clock = clock
        self._known: dict[int, int] = {}  # invoice id: the digest of its row
        self._heard_before_start: datetime | None = None
        self._routine: dict[int, News] = {}
        self._read_began: float | None = None
        self._handed_over = 0
        self._all_read_at = self._read_at = self._row_written_at = float("-inf")

    def step(self) -> None:
        """Write what is news, leave word, and read what is open, each in its time."""
        self.write_news()
        now = self._clock()
        if (
            now - self._row_written_at >= ROW_SECONDS
            and self._is_at_work()
            and self._with_database(self.write_row)
        ):
            self._row_written_at = now
            self._with_database(self._tell_of_refusal)
        if now - self._read_at >= READ_SECONDS:
            self._with_database(self._write_routine)
            is_whole = now - self._all_read_at >= READ_ALL_SECONDS
            if self._with_database(self.read_all if is_whole else self.read):
                self._read_at = now
                self._all_read_at = now if is_whole else self._all_read_at

    def read(self) -> None:
        """Read what has become open, was notified or must not be asked about any more, lately.

        The latter are superseded: cancelled for another payment of the order, or dead before it.
        """
        began = self._clock()
        since = Now() - LATELY
        is_superseded = Q(cancel_reason=CancelReason.SUPERSEDED)
        changed = open_at_seqr().filter(
            Q(issued_at__gt=since) | Q(notified_at__gt=since) | is_superseded, shard=self._shard
        )
        digests = {}
        for key, digest, cancel_reason in changed.values_list("id", DIGEST, "cancel_reason"):
            if cancel_reason == CancelReason.SUPERSEDED:
                self._let_go(key)
            else:
                digests[key] = digest
        paid_lately = Invoice.objects.filter(status=InvoiceStatus.PAID, paid_at__gt=since)
        others = Invoice.objects.filter(order__in=paid_lately.values("order")).order_by()
        for key in others.exclude(status=InvoiceStatus.PAID).values_list("id", flat=True):
            self._let_go(key)
        self._take_over_changed(digests)
        self._read_began, self._handed_over = began, self._asking.handed_over

    def read_all(self) -> None:
        """Read which invoices are open, and hand over what is new about them."""
        began = self._clock()
        if self._read_began is None:
            row = PollShard.objects.filter(number=self._shard).first()
            self._heard_before_start = row.oldest_answer_at if row else None
        digests = dict(self._open().values_list("id", DIGEST))
        for key in self._known.keys() - digests.keys():
            self._let_go(key)
        self._take_over_changed(digests)
        self._read_began, self._handed_over = began, self._asking.handed_over

    def _is_at_work(self) -> bool:
        """Whether all that was read is being asked about, so that word may be left of it.

        Whoever comes after us believes that word: a payment may have been reversed before it.
        """
        return self._read_began is not None and self._asking.word.taken_over >= self._handed_over

    def write_news(self) -> None:
        """Write the answers that change something, and have those invoices asked about anew.

        Payments first. What is routine is kept, to be written many at a time.
        """
        news = []
        for each in self._asking.take_news():
            if each.answer.is_routine(each.question):
                self._routine[each.question.invoice_id] = each
            else:
                news.append(each)
        if not news:
            return
        news.sort(key=lambda each: each.answer.status != InvoiceStatus.PAID)
        if not self._with_database(lambda: self._write_all(news)):
            self._asking.give_back(news)  # what is written by now, a second time changes nothing

    def _write_all(self, news: list[News]) -> None:
        until = self._clock() + WRITE_SECONDS
        written = 0
        for each in news:
            if self._clock() > until:  # the lock has to be kept, too
                self._asking.give_back(news[written:])
                self._asking.news_came.set()
                break
            self._write(each)
            written += 1
        self._have_asked_anew([each.question.invoice_id for each in news[:written]])

    def _write_routine(self) -> None:
        """Write what is routine; what cannot be written so takes the long way."""
        if not self._routine:
            return
        answers = [(each.question, each.answer) for each in self._routine.values()]
        try:
            written = apply_unchanged_batch(answers, BY_POLLER)
        except DataError:  # one of them, which the long way finds
            written = set()
        left = [each for invoice_id, each in self._routine.items() if invoice_id not in written]
        for each in left:
            self._write(each)
        self._have_asked_anew([each.question.invoice_id for each in left])
        # Of these another answer, which is not routine, may still have to be written.
        self._have_asked_anew(list(written), are_written=False)
        self._routine.clear()

    def finish(self) -> None:
        """Write everything that is left."""
        self.write_news()
        self._with_database(self._write_routine)

    def write_row(self) -> None:
        """Leave word in the shard's row that it goes round, and since when all are answered for.

        What was issued after the last reading is not known here, so word goes no further.
        """
        assert self._read_began is not None
        now, clock, word = database_now(), self._clock(), self._asking.word
        answered_for = min(word.oldest_heard, self._read_began)
        PollShard.objects.update_or_create(
            number=self._shard,
            defaults={
                "round_started_at": now - timedelta(seconds=clock - word.at),
                "oldest_answer_at": now - timedelta(seconds=clock - answered_for),
            },
        )

    def _write(self, news: News) -> None:
        question = news.question
        try:
            apply_status(
                question,
                news.answer,
                BY_POLLER,
                unheard_for=timedelta(seconds=news.unheard_seconds),
            )
            self._note_delay(news.answer)
            if news.answer.status == InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE:
                self._on_card(question.invoice_id)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # a bad answer must not keep the others from being written
            logger.exception("invoice %s: the answer could not be written", question.invoice_id)

    def _have_asked_anew(self, invoice_ids: list[int], *, are_written: bool = True) -> None:
        """Hand over invoices about which an answer is written, or that they are closed by now."""
        if not invoice_ids:
            return
        for invoice_id in invoice_ids:  # to be handed over also if it is unchanged
            self._known.pop(invoice_id, None)
        self._take_over(invoice_ids, are_written=are_written)
        for invoice_id in invoice_ids:
            if invoice_id not in self._known:
                self._asking.hand_over_closed(invoice_id)

    def _note_delay(self, answer: StatusResult) -> None:
        """Count how long it took from the payment, by SEQR's receipt, until it was recorded."""
        receipt = answer.paid.receipt if answer.paid else None
        if answer.status == InvoiceStatus.PAID and receipt and receipt.payment_date:
            delay = datetime.now(UTC) - receipt.payment_date
            self._asking.figures.paid_to_recorded.note(max(0.0, delay.total_seconds()))

    def _tell_of_refusal(self) -> None:
        """Close paying where SEQR refuses our settings, and has not only done so for a moment."""
        refused = self._asking.take_refused()
        if refused:
            newest = max(refused)  # an older one might be refused for itself
            with transaction.atomic():
                pause_payments(Invoice.objects.get(pk=newest), refused[newest], BY_POLLER)

    def _open(self) -> QuerySet[Any]:
        """Return the shard's invoices that SEQR is to be asked about."""
        return invoices_to_ask().filter(shard=self._shard)

    def _let_go(self, invoice_id: int) -> None:
        if self._known.pop(invoice_id, None) is not None:
            self._asking.hand_over_closed(invoice_id)

    def _take_over_changed(self, digests: dict[int, int]) -> None:
        """Hand over those of the rows, by their ids and digests, that are not as they were."""
        changed = [key for key, digest in digests.items() if self._known.get(key) != digest]
        for first in range(0, len(changed), ROWS_AT_A_TIME):
            self._take_over(changed[first : first + ROWS_AT_A_TIME])

    def _take_over(self, invoice_ids: list[int], *, are_written: bool = False) -> None:
        """Hand over those of the invoices that SEQR is to be asked about."""
        rows: list[_Row] = list(
            self._open().filter(pk__in=invoice_ids).values_list(*COLUMNS, DIGEST)
        )
        if not rows:
            return
        now, clock = database_now(), self._clock()
        for key, reference, version, status, issued_at, notified_at, digest in rows:
            self._known[key] = digest
            assert reference is not None  # it was asked for
            assert issued_at is not None  # as it has a reference
            heard = max(issued_at, self._heard_before_start or issued_at)
            self._asking.hand_over(
                OpenInvoice(
                    StatusQuery(key, reference, version, InvoiceStatus(status)),
                    clock - (now - heard).total_seconds(),  # of one that it does not know yet
                    notified_at.timestamp() if notified_at else None,
                    are_written,
                )
            )

    def _with_database(self, work: Callable[[], None]) -> bool:
        """Do something with the database; return False where the database is away."""
        try:
            work()
        except (OperationalError, InterfaceError) as error:
            logger.error("shard %s: the database is away: %s", self._shard, type(error).__name__)
            return False
        finally:
            connection.close()  # goes back to the pool, which may be smaller than our number
        return True
