"""Reads the open invoices of one shard, and lets the results of its queries be written."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, BooleanField, ExpressionWrapper, Func, Q, QuerySet
from django.db.models.functions import Now

from orders.clock import database_now
from orders.query_plans import planned_by_index
from payments.availability.pause import pause_payments
from payments.invoices.status_query import StatusQuery
from payments.models import (
    AnswerTimes,
    Invoice,
    InvoiceStatus,
    PollShard,
    Shard,
    read_answer_times,
)
from payments.polling.credentials import CredentialsReader
from payments.polling.database import DATABASE_ERRORS, is_contention, try_database
from payments.polling.poller import OpenInvoice, ShardPoller
from payments.polling.shards import IS_SUPERSEDED, ROW_INTERVAL_SECONDS, invoices_open_at_seqr
from payments.polling.writer import SOURCE, UpdateWriter

logger = logging.getLogger(__name__)

READ_INTERVAL_SECONDS = 1.0
FULL_READ_INTERVAL_SECONDS = 5.0
RECENT = timedelta(seconds=15)  # longer than any transaction takes to become visible
CURRENT_SECONDS = 5.0  # the age of the last read up to which new invoices are known in time
FLUSH_SECONDS = 2.0  # of the 15 that a loop has to end
READ_BATCH_SIZE = 2000
NEVER = float("-inf")

COLUMNS = (
    "id",
    "terminal_id",
    "invoice_reference",
    "invoice_version",
    "status",
    "issued_at",
    "notified_at",
)
_Row = tuple[int, int, str | None, int, str, datetime | None, datetime | None, int, int]
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
        self._clock = clock
        self.writer = UpdateWriter(
            shard,
            poller,
            resubmit=self._resubmit,
            on_loyalty_card=on_loyalty_card,
            clock=clock,
        )
        self._credentials = CredentialsReader(poller.set_credentials)
        self._digests: dict[int, int] = {}  # by invoice id, of the rows submitted
        self._answered_before_start = AnswerTimes([])
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
        if not try_database(self._shard, self.read_all):
            return False
        self._read_at = self._full_read_at = now
        return True

    def step(self) -> bool:
        """Write what has come, and read the open invoices, each when it is due.

        Returns False if the database is unavailable. The rest then waits for the next step, since
        each attempt may take seconds.
        """
        return self.writer.write_updates() and self._write_due_row() and self._read_due()

    def _write_due_row(self) -> bool:
        now = self._clock()
        if now - self._row_written_at < ROW_INTERVAL_SECONDS or not self.covers_all_read():
            return True
        if not try_database(self._shard, self.write_row):
            return False
        self._row_written_at = now
        return try_database(self._shard, self._pause_payments_if_refused)

    def _read_due(self) -> bool:
        now = self._clock()
        if now - self._read_at < READ_INTERVAL_SECONDS:
            return True
        if not try_database(self._shard, self.writer.write_unchanged):
            return False
        is_full = now - self._full_read_at >= FULL_READ_INTERVAL_SECONDS
        if not try_database(self._shard, self.read_all if is_full else self.read_recent):
            return False
        self._read_at = now
        self._full_read_at = now if is_full else self._full_read_at
        return True

    def read_recent(self) -> None:
        """Submit invoices issued, notified or superseded recently.

        A superseded invoice is cancelled because another one paid its order, or ended before that.
        """
        began_at = self._clock()
        self._credentials.read()
        since = Now() - RECENT
        changed = invoices_open_at_seqr(self._shard).filter(
            Q(issued_at__gt=since) | Q(notified_at__gt=since) | IS_SUPERSEDED
        )
        is_superseded = ExpressionWrapper(IS_SUPERSEDED, BooleanField())
        with planned_by_index():
            rows = list(changed.values_list("id", ROW_DIGEST, is_superseded))
            closed = _others_of_orders_paid_since(since)
        closed += [key for key, _, superseded in rows if superseded]
        for key in closed:
            self._close(key)
        self._submit_changed({key: digest for key, digest, superseded in rows if not superseded})
        self.read_began_at, self._submitted_count = began_at, self._poller.submitted_count

    def read_all(self) -> None:
        """Submit every open invoice whose row has changed, and close those no longer open."""
        began_at = self._clock()
        if self.read_began_at == NEVER:
            self._answered_before_start = read_answer_times()
        self._credentials.read()
        with planned_by_index():
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

    def flush(self) -> None:
        """Write what is left, in steps, for about FLUSH_SECONDS.

        What is locked or left over then remains unwritten: the next loop queries it again.
        """
        until = self._clock() + FLUSH_SECONDS
        while self.writer.write_updates() and self._clock() < until:
            if not self._poller.updates_available.is_set():
                break
        try_database(self._shard, self.writer.write_unchanged)

    def write_row(self) -> None:
        """Update the shard's row: its last round, and since when every invoice has an answer.

        Invoices issued after the last read are not known here, so that time ends at the read. A row
        that another loop has locked is left as it is, since the reads must not wait for it.
        """
        now, clock, heartbeat = database_now(), self._clock(), self._poller.heartbeat
        answered_at = min(heartbeat.oldest_written_answer, self.read_began_at)
        try:
            PollShard.objects.update_or_create(
                number=self._shard.number,
                count=self._shard.count,
                defaults={
                    "round_started_at": now - timedelta(seconds=clock - heartbeat.at),
                    "oldest_answer_at": now - timedelta(seconds=clock - answered_at),
                    "refused_answers": {
                        terminal: (now - timedelta(seconds=clock - at)).isoformat()
                        for terminal, at in heartbeat.refused.items()
                    },
                },
            )
        except DATABASE_ERRORS as error:
            if not is_contention(error):
                raise
            logger.warning("shard %s: its row is locked, and written later", self._shard)

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

    def _pause_payments_if_refused(self) -> None:
        """Pause payments of the terminals that SEQR has refused since the last row."""
        errors = self._poller.drain_configuration_errors()
        refused = Invoice.objects.filter(pk__in=errors).order_by("terminal_id", "-pk")
        # An older invoice of a terminal might be refused for reasons of its own.
        for newest in refused.distinct("terminal_id"):
            with transaction.atomic():
                pause_payments(newest, errors[newest.pk], SOURCE)

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
        with planned_by_index():
            rows: list[_Row] = list(
                self._invoices()
                .filter(pk__in=invoice_ids)
                .values_list(*COLUMNS, "order_id", ROW_DIGEST)
            )
        if not rows:
            return
        self._credentials.read_if_new(terminal for _, terminal, *_ in rows)
        now, clock = database_now(), self._clock()
        for row in rows:
            key, terminal, reference, version, status, issued_at, notified_at, order, digest = row
            self._digests[key] = digest
            assert reference is not None  # invoices_to_poll requires it
            assert issued_at is not None  # stored with the reference
            answered_at = self._answered_before_start.last_answer_at(key, terminal, issued_at)
            self._poller.submit(
                OpenInvoice(
                    StatusQuery(key, terminal, reference, version, InvoiceStatus(status), order),
                    clock - (now - answered_at).total_seconds(),  # used if it is new to the poller
                    notified_at.timestamp() if notified_at else None,
                    are_written,
                )
            )


def _others_of_orders_paid_since(since: Any) -> list[int]:
    """Return the IDs of the invoices whose orders other invoices have paid since then.

    In two steps, each of which an index answers; in one, PostgreSQL may choose to join all.
    """
    paid = Invoice.objects.filter(status=InvoiceStatus.PAID, paid_at__gt=since).order_by()
    orders = list(paid.values_list("order_id", flat=True))
    if not orders:
        return []
    others = Invoice.objects.filter(order__in=orders).exclude(status=InvoiceStatus.PAID)
    return list(others.order_by().values_list("id", flat=True))
