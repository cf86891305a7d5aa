"""Writes the results of one shard's queries: payments first, and no lock delays them for long."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from django.db import DataError

from orders.audit import ChangeSource
from orders.event_lines import order_in_line
from orders.models import SourceName
from payments.invoices.apply_payments import apply_payments
from payments.invoices.apply_status import apply_status
from payments.invoices.apply_unchanged import apply_unchanged_batch
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.models import InvoiceStatus, Shard
from payments.polling.database import DATABASE_ERRORS, is_contention, try_database
from payments.polling.poller import ShardPoller, StatusUpdate
from seqrshop.telemetry import traces

logger = logging.getLogger(__name__)

SOURCE = ChangeSource(SourceName.POLLER)
WRITE_STEP_SECONDS = 1.0  # then the open invoices are read, which may be due
PAYMENT_BATCH_SIZE = 50  # keeps their locks for milliseconds


class Resubmit(Protocol):
    """Submits invoices to the poller anew after a write, or closes those no longer open."""

    def __call__(self, invoice_ids: list[int], *, are_written: bool = True) -> None: ...


class UpdateWriter:
    """Writes the updates of one shard's poller. A write may take as long as the database does.

    `on_loyalty_card` gets the id of an invoice whose customer waits for an answer about a card.
    """

    def __init__(
        self,
        shard: Shard,
        poller: ShardPoller,
        *,
        resubmit: Resubmit,
        on_loyalty_card: Callable[[int], None],
        clock: Callable[[], float],
    ) -> None:
        self._shard = shard
        self._poller = poller
        self._resubmit = resubmit
        self._on_loyalty_card = on_loyalty_card
        self._clock = clock
        self._unchanged: dict[int, StatusUpdate] = {}
        self._contended: set[int] = set()  # ids of invoices whose last write met a lock

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
        if not try_database(self._shard, lambda: self._write_all(updates)):
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
        in_batches = set(written)
        rest = [each for each in updates if each.query.invoice_id not in in_batches]
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
                    _trace(each)
            written += ids
        return written

    def _try_payments(self, results: list[tuple[StatusQuery, StatusResult]]) -> set[int]:
        """Apply payments in one transaction; return none if that fails, for whatever reason."""
        try:
            return apply_payments(results, SOURCE)
        except DATABASE_ERRORS as error:
            if not is_contention(error):
                raise
            logger.warning("payments are written one by one: %s", type(error.__cause__).__name__)
        except Exception:  # caused by one of them, which the write one by one finds
            logger.exception("payments are written one by one")
        return set()

    def write_unchanged(self) -> None:
        """Write the unchanged results many at a time, and one by one what a batch leaves out.

        Each of these may wait for a lock. After WRITE_STEP_SECONDS the rest is left to the next
        step.
        """
        until = self._clock() + WRITE_STEP_SECONDS
        updates = sorted(self._unchanged.values(), key=self._write_order)
        in_batches: set[int] = set()
        left_out: list[StatusUpdate] = []
        for first in range(0, len(updates), PAYMENT_BATCH_SIZE):
            if self._clock() > until:
                break
            batch = updates[first : first + PAYMENT_BATCH_SIZE]
            ids = self._try_unchanged([(each.query, each.result) for each in batch])
            left_out += [each for each in batch if each.query.invoice_id not in ids]
            in_batches |= ids
        alone = []
        for each in left_out:
            if self._clock() > until:
                break
            if self._write(each):
                alone.append(each.query.invoice_id)
        self._resubmit(alone)
        # A later result of these may still have to be written.
        self._resubmit(list(in_batches), are_written=False)
        for invoice_id in (*alone, *in_batches):
            del self._unchanged[invoice_id]

    def _try_unchanged(self, results: list[tuple[StatusQuery, StatusResult]]) -> set[int]:
        """Apply unchanged results in one transaction; return none if one of them prevents that."""
        try:
            return apply_unchanged_batch(results, SOURCE)
        except DataError:  # caused by one of them, which the write one by one finds
            return set()

    def _write(self, update: StatusUpdate) -> bool:
        """Write one update; return False if another transaction was in the way."""
        invoice_id, result = update.query.invoice_id, update.result
        ids = order_in_line(update.query.order_id)
        self._contended.discard(invoice_id)
        try:
            silence = timedelta(seconds=update.silence_seconds)
            apply_status(update.query, result, SOURCE, silence=silence)
            self._record_delay(result)
            _trace(update)
            if result.status == InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE:
                self._on_loyalty_card(invoice_id)
        except DATABASE_ERRORS as error:
            if not is_contention(error):
                raise
            logger.warning(
                "invoice %s is locked; its result is written later", invoice_id, extra=ids
            )
            self._contended.add(invoice_id)
            return False
        except Exception:  # one bad result must not keep the others from being written
            logger.exception("invoice %s: the result could not be written", invoice_id, extra=ids)
        return True

    def _record_delay(self, result: StatusResult) -> None:
        """Count the time from the payment, by SEQR's receipt, to its record here."""
        receipt = result.paid.receipt if result.paid else None
        if result.status == InvoiceStatus.PAID and receipt and receipt.payment_date:
            delay = datetime.now(UTC) - receipt.payment_date
            self._poller.stats.paid_to_recorded.record(max(0.0, delay.total_seconds()))


def _trace(update: StatusUpdate) -> None:
    """Make a span of the query whose result was written; most queries have none."""
    query, result = update.query, update.result
    if result.call is not None and result.status != query.status:
        traces.record_call(
            result.call.operation,
            result.call.duration_ms,
            client_reference=result.call.client_reference,
            result_code=result.call.result_code,
            **order_in_line(query.order_id),
            from_status=query.status.value,
            to_status=result.status.value,
        )
