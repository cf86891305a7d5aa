"""Reads the open invoices of one shard and writes the results of its queries."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DataError, InterfaceError, OperationalError, connection, transaction
from django.db.models import BigIntegerField, BooleanField, ExpressionWrapper, Func, Q, QuerySet
from django.db.models.functions import Now
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName
from payments.availability.pause import pause_payments
from payments.invoices.apply_payments import apply_payments
from payments.invoices.apply_status import apply_status, apply_unchanged_batch
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.models import (
    Invoice,
    InvoiceStatus,
    PollShard,
    Shard,
    bucket_of,
    read_answer_times,
)
from payments.polling.poller import OpenInvoice, ShardPoller, StatusUpdate
from payments.polling.shards import IS_SUPERSEDED, ROW_INTERVAL_SECONDS, invoices_open_at_seqr

logger = logging.getLogger(__name__)

SOURCE = ChangeSource(SourceName.POLLER)
READ_INTERVAL_SECONDS = 1.0
FULL_READ_INTERVAL_SECONDS = 5.0
RECENT = timedelta(seconds=15)  # longer than any transaction takes to become visible
WRITE_STEP_SECONDS = 1.0  # then the open invoices are read, which may be due
CURRENT_SECONDS = 5.0  # the age of the last read up to which new invoices are known in time
# Another transaction was in the way; the database itself is available.
CONTENTION_ERRORS = (DeadlockDetected, LockNotAvailable, QueryCanceled)
READ_BATCH_SIZE = 2000
PAYMENT_BATCH_SIZE = 50  # keeps their locks for milliseconds
NEVER = float("-inf")

COLUMNS = (
    "id",
    "invoice_reference",
    "invoice_version",
    "status",
    "issued_at",
    "notified_at",
)
_Row = tuple[int, str | None, int, str, datetime | None, datetime | None, int]
# A changed digest shows a changed row: ten thousand digests are read as fast as a thousand rows.
ROW_DIGEST = Func(
    *COLUMNS,
    template="hash_record_extended(ROW(%(expressions)s), 0)",
    output_field=BigIntegerField(),
)


def leave_to_recovery(_invoice_id: int) -> None:
    """Do nothing about a loyalty card: recovery finds it within seconds."""


class PollStore:
    """Reads and writes for the poller of one shard. A step may take as long as the database does.

    `on_loyalty_card` gets the id of an invoice whose customer waits for an answer about a card.
    """

    def __init__(
        self,
        shard: Shard,
        poller: ShardPoller,
        *,
        on_loyalty_card: Callable[[int], None] = leave_to_recovery,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shard = shard
        self._poller = poller
        self._on_loyalty_card = on_loyalty_card
        self._clock = clock
        self._digests: dict[int, int] = {}  # by invoice id, of the rows submitted
        self._answered_before_start: dict[int, datetime] = {}  # by bucket
        self._unchanged: dict[int, StatusUpdate] = {}
        self._contended: set[int] = set()  # ids of invoices whose last write met a lock
        self.read_began_at = NEVER  # by this clock: later invoices are not known yet
        self._submitted_count = 0
        self._full_read_at = self._read_at = self._row_written_at = NEVER

    @property
    def is_current(self) -> bool:
        """Whether the open invoices have been read within CURRENT_SECONDS."""
        return self._clock() - self.read_began_at <= CURRENT_SECONDS

    def read_first(self) -> bool:
        """Read every open invoice; return False if the database is unavailable."""
        now = self._clock()
        if not self._try_database(self.read_all):
            return False
        self._read_at = self._full_read_at = now
        return True

    def step(self) -> bool:
        """Write what has come, and read the open invoices, each when it is due.

        Returns False if the database is unavailable. The rest then waits for the next step, since
        each attempt may take seconds.
        """
        return self.write_updates() and self._write_due_row() and self._read_due()

    def _write_due_row(self) -> bool:
        now = self._clock()
        if now - self._row_written_at < ROW_INTERVAL_SECONDS or not self.covers_all_read():
            return True
        if not self._try_database(self.write_row):
            return False
        self._row_written_at = now
        return self._try_database(self._pause_payments_if_refused)

    def _read_due(self) -> bool:
        now = self._clock()
        if now - self._read_at < READ_INTERVAL_SECONDS:
            return True
        if not self._try_database(self._write_unchanged):
            return False
        is_full = now - self._full_read_at >= FULL_READ_INTERVAL_SECONDS
        if not self._try_database(self.read_all if is_full else self.read_recent):
            return False
        self._read_at = now
        self._full_read_at = now if is_full else self._full_read_at
        return True

    def read_recent(self) -> None:
        """Submit invoices issued, notified or superseded recently.

        A superseded invoice is cancelled because another one paid its order, or ended before that.
        """
        began_at = self._clock()
        since = Now() - RECENT
        changed = invoices_open_at_seqr(self._shard).filter(
            Q(issued_at__gt=since) | Q(notified_at__gt=since) | IS_SUPERSEDED
        )
        superseded = ExpressionWrapper(IS_SUPERSEDED, BooleanField())
        digests = {}
        for key, digest, is_superseded in changed.values_list("id", ROW_DIGEST, superseded):
            if is_superseded:
                self._close(key)
            else:
                digests[key] = digest
        paid_recently = Invoice.objects.filter(status=InvoiceStatus.PAID, paid_at__gt=since)
        others = Invoice.objects.filter(order__in=paid_recently.values("order")).order_by()
        for key in others.exclude(status=InvoiceStatus.PAID).values_list("id", flat=True):
            self._close(key)
        self._submit_changed(digests)
        self.read_began_at, self._submitted_count = began_at, self._poller.submitted_count

    def read_all(self) -> None:
        """Submit every open invoice whose row has changed, and close those no longer open."""
        began_at = self._clock()
        if self.read_began_at == NEVER:
            self._answered_before_start = read_answer_times()
        digests = dict(self._invoices().values_list("id", ROW_DIGEST))
        for key in self._digests.keys() - digests.keys():
            self._close(key)
        self._submit_changed(digests)
        self.read_began_at, self._submitted_count = began_at, self._poller.submitted_count

    def covers_all_read(self) -> bool:
        """Return whether the poller has accepted all that was read.

        The next loop believes the shard's row, and health its heartbeat: until then they would not
        show how long SEQR has not been queried.
        """
        return (
            self.read_began_at != NEVER
            and self._poller.heartbeat.accepted_count >= self._submitted_count
        )

    def write_updates(self) -> bool:
        """Write the updates, payments first, and submit their invoices anew.

        Results that leave the status unchanged are kept, and written many at a time. Returns False
        if the database is unavailable; the updates are then kept.
        """
        updates = []
        for each in self._poller.drain_updates():
            if each.result.is_unchanged(each.query):
                self._unchanged[each.query.invoice_id] = each
            else:
                updates.append(each)
        if not updates:
            return True
        updates.sort(key=self._write_order)
        if not self._try_database(lambda: self._write_all(updates)):
            self._poller.requeue(updates)  # a second write of the same update changes nothing
            return False
        return True

    def _write_order(self, update: StatusUpdate) -> tuple[bool, bool]:
        """Sort payments first, but behind them what waited for a lock in vain the last time."""
        is_payment = update.result.status == InvoiceStatus.PAID
        return update.query.invoice_id in self._contended, not is_payment

    def _write_all(self, updates: list[StatusUpdate]) -> None:
        until = self._clock() + WRITE_STEP_SECONDS
        written = self._write_payments(updates, until)
        left: list[StatusUpdate] = []
        rest = [each for each in updates if each.query.invoice_id not in set(written)]
        for position, each in enumerate(rest):
            if self._clock() > until:
                left += rest[position:]
                self._poller.updates_available.set()
                break
            if self._write(each):
                written.append(each.query.invoice_id)
            else:
                left.append(each)
        self._poller.requeue(left)
        self._resubmit(written)

    def _write_payments(self, updates: list[StatusUpdate], until: float) -> list[int]:
        """Write the ordinary payments, many in a transaction; return their invoices' ids."""
        payments = [each for each in updates if each.result.status == InvoiceStatus.PAID]
        written: list[int] = []
        for first in range(0, len(payments), PAYMENT_BATCH_SIZE):
            if self._clock() > until:
                break
            batch = payments[first : first + PAYMENT_BATCH_SIZE]
            ids = self._try_payments([(each.query, each.result) for each in batch])
            for each in batch:
                if each.query.invoice_id in ids:
                    self._contended.discard(each.query.invoice_id)
                    self._record_delay(each.result)
            written += ids
        return written

    def _try_payments(self, results: list[tuple[StatusQuery, StatusResult]]) -> set[int]:
        """Apply payments in one transaction; return none if that fails, for whatever reason."""
        try:
            return apply_payments(results, SOURCE)
        except (OperationalError, InterfaceError) as error:
            if not isinstance(error.__cause__, CONTENTION_ERRORS):
                raise
            logger.warning("payments are written one by one: %s", type(error.__cause__).__name__)
        except Exception:  # caused by one of them, which the write one by one finds
            logger.exception("payments are written one by one")
        return set()

    def _write_unchanged(self) -> None:
        """Write the unchanged results in one statement, and the rest one by one."""
        if not self._unchanged:
            return
        results = [(each.query, each.result) for each in self._unchanged.values()]
        try:
            written = apply_unchanged_batch(results, SOURCE)
        except DataError:  # caused by one of them, which the write one by one finds
            written = set()
        rest = [each for invoice_id, each in self._unchanged.items() if invoice_id not in written]
        contended = {each.query.invoice_id: each for each in rest if not self._write(each)}
        ids = [each.query.invoice_id for each in rest]
        self._resubmit([invoice_id for invoice_id in ids if invoice_id not in contended])
        # A later result of these may still have to be written.
        self._resubmit(list(written), are_written=False)
        self._unchanged = contended

    def flush(self) -> None:
        """Write everything that is left."""
        self.write_updates()
        self._try_database(self._write_unchanged)

    def write_row(self) -> None:
        """Update the shard's row: its last round, and since when every invoice has an answer.

        Invoices issued after the last read are not known here, so that time ends at the read.
        """
        now, clock, heartbeat = database_now(), self._clock(), self._poller.heartbeat
        answered_at = min(heartbeat.oldest_written_answer, self.read_began_at)
        PollShard.objects.update_or_create(
            number=self._shard.number,
            count=self._shard.count,
            defaults={
                "round_started_at": now - timedelta(seconds=clock - heartbeat.at),
                "oldest_answer_at": now - timedelta(seconds=clock - answered_at),
            },
        )

    def _write(self, update: StatusUpdate) -> bool:
        """Write one update; return False if another transaction was in the way."""
        invoice_id, result = update.query.invoice_id, update.result
        self._contended.discard(invoice_id)
        try:
            silence = timedelta(seconds=update.silence_seconds)
            apply_status(update.query, result, SOURCE, silence=silence)
            self._record_delay(result)
            if result.status == InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE:
                self._on_loyalty_card(invoice_id)
        except (OperationalError, InterfaceError) as error:
            if not isinstance(error.__cause__, CONTENTION_ERRORS):
                raise
            logger.warning("invoice %s is locked; its result is written later", invoice_id)
            self._contended.add(invoice_id)
            return False
        except Exception:  # one bad result must not keep the others from being written
            logger.exception("invoice %s: the result could not be written", invoice_id)
        return True

    def _resubmit(self, invoice_ids: list[int], *, are_written: bool = True) -> None:
        """Submit invoices anew after a write, or close those that are no longer open."""
        if not invoice_ids:
            return
        for invoice_id in invoice_ids:  # so that it is submitted even if its row is unchanged
            self._digests.pop(invoice_id, None)
        self._submit_rows(invoice_ids, are_written=are_written)
        for invoice_id in invoice_ids:
            if invoice_id not in self._digests:
                self._poller.submit_closed(invoice_id)

    def _record_delay(self, result: StatusResult) -> None:
        """Count the time from the payment, by SEQR's receipt, to its record here."""
        receipt = result.paid.receipt if result.paid else None
        if result.status == InvoiceStatus.PAID and receipt and receipt.payment_date:
            delay = datetime.now(UTC) - receipt.payment_date
            self._poller.stats.paid_to_recorded.record(max(0.0, delay.total_seconds()))

    def _pause_payments_if_refused(self) -> None:
        """Pause payments when SEQR has refused the shop's settings since the last row."""
        errors = self._poller.drain_configuration_errors()
        if errors:
            newest = max(errors)  # an older invoice might be refused for reasons of its own
            with transaction.atomic():
                pause_payments(Invoice.objects.get(pk=newest), errors[newest], SOURCE)

    def _invoices(self) -> QuerySet[Any]:
        return invoices_open_at_seqr(self._shard).exclude(IS_SUPERSEDED)

    def _close(self, invoice_id: int) -> None:
        if self._digests.pop(invoice_id, None) is not None:
            self._poller.submit_closed(invoice_id)

    def _submit_changed(self, digests: dict[int, int]) -> None:
        """Submit the invoices whose digests have changed."""
        changed = [key for key, digest in digests.items() if self._digests.get(key) != digest]
        for first in range(0, len(changed), READ_BATCH_SIZE):
            self._submit_rows(changed[first : first + READ_BATCH_SIZE])

    def _submit_rows(self, invoice_ids: list[int], *, are_written: bool = False) -> None:
        """Submit those of the invoices that are to be polled."""
        rows: list[_Row] = list(
            self._invoices().filter(pk__in=invoice_ids).values_list(*COLUMNS, ROW_DIGEST)
        )
        if not rows:
            return
        now, clock = database_now(), self._clock()
        for key, reference, version, status, issued_at, notified_at, digest in rows:
            self._digests[key] = digest
            assert reference is not None  # invoices_to_poll requires it
            assert issued_at is not None  # stored with the reference
            answered_at = max(issued_at, self._answered_before_start.get(bucket_of(key), issued_at))
            self._poller.submit(
                OpenInvoice(
                    StatusQuery(key, reference, version, InvoiceStatus(status)),
                    clock - (now - answered_at).total_seconds(),  # used if it is new to the poller
                    notified_at.timestamp() if notified_at else None,
                    are_written,
                )
            )

    def _try_database(self, work: Callable[[], None]) -> bool:
        """Run `work`; return False if the database is away."""
        try:
            work()
        except (OperationalError, InterfaceError) as error:
            logger.error(
                "shard %s: the database is unavailable: %s", self._shard, type(error).__name__
            )
            return False
        finally:
            connection.close()  # returns it to the pool, which may be smaller than the shard count
        return True
