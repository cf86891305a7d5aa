"""The Celery tasks: each takes ids, calls one service function, and retries where that helps."""

from __future__ import annotations

import logging
import time
from functools import partial
from itertools import chain, zip_longest
from threading import BoundedSemaphore
from typing import Any

from celery import Task, shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.db import OperationalError

from orders.audit import ChangeSource
from orders.audit_digest import digest_finished_days
from orders.audit_marker import MarkerUnavailable
from orders.audit_partitions import make_audit_partitions
from orders.clock import database_now
from orders.codes import scans
from orders.models import SourceName
from orders.services import forget_expired_sessions
from payments import recovery, terminals
from payments.availability import probe
from payments.cases import outbox
from payments.exports import deliveries
from payments.invoices import cancel, refresh, send, unconfirmed
from payments.loyalty import answer
from payments.models import CancelReason
from payments.privacy.erasure import erase_old_customers
from payments.receipts import submit
from payments.reconciliation import held_refunds, overdue, periods
from payments.refunds import hold
from payments.refunds import send as refund_sending
from payments.seqr import SeqrConfigurationError, SeqrError
from payments.takings.activity import update_activity
from payments.takings.update import update_takings
from seqrshop.redis_client import BROKER_BREAKER_SECONDS, breaker

logger = logging.getLogger(__name__)

SOURCE = ChangeSource(SourceName.RECOVERY)
RECOVERY_SENDS_AT_ONCE = 8  # of a background process's 16 threads
RECOVERY_SEND_SECONDS = 1.5  # so that they have ended before the next run, 2 s after this one
RECEIPT_BATCHES_AT_ONCE = 3  # with these sends and four mails, a thread is left for all else

_recovery_sends = BoundedSemaphore(RECOVERY_SENDS_AT_ONCE)
_receipt_batches = BoundedSemaphore(RECEIPT_BATCHES_AT_ONCE)


def enqueue(task: Task[..., Any], *args: Any, **options: Any) -> None:
    """Enqueue a task. Without the broker, recovery finds the work.

    The options are those of Task.apply_async, such as `queue`. A worker drops a task that has not
    started within `expires` seconds.
    """
    enqueued = breaker.call(
        partial(task.apply_async, args, retry=False, **options),
        otherwise="tasks are not enqueued",
        skip_seconds=BROKER_BREAKER_SECONDS,
    )
    if enqueued is None:
        logger.warning("%s%r could not be enqueued; recovery will find it", task.name, args)


@shared_task(bind=True, max_retries=2)
def send_invoice(self: Task[..., Any], invoice_id: int) -> None:
    """Send one invoice; retry after a second, and then leave it to recovery."""
    try:
        send.send_invoice(invoice_id)
    except SeqrConfigurationError as error:
        logger.error("invoice %s waits for a person: %s", invoice_id, error)
    except SeqrError as error:
        if self.request.retries == self.max_retries:
            logger.warning("invoice %s: %s", invoice_id, error)
            return
        raise self.retry(countdown=1 + self.request.retries, exc=error) from None


@shared_task
def cancel_overdue_invoice(invoice_id: int) -> None:
    """Cancel an invoice whose lifetime has ended, unless SEQR has a payment of it."""
    try:
        cancel.cancel_invoice(invoice_id, CancelReason.LIFETIME, SOURCE)
    except cancel.AlreadyPaid:
        logger.info("invoice %s was paid at the last moment", invoice_id)


@shared_task
def finish_cancel(invoice_id: int) -> None:
    """Retry a cancellation that was requested."""
    cancel.finish_cancel(invoice_id, SOURCE)


@shared_task
def send_refund(refund_id: int) -> None:
    """Send one refund; recovery retries one that was not sent."""
    try:
        refund_sending.send_refund(refund_id)
    except (SeqrError, hold.SendingHeld) as error:
        logger.warning("refund %s: %s", refund_id, error)


@shared_task
def mark_interrupted_refund_unknown(refund_id: int) -> None:
    """Mark a refund as unknown whose sending process was killed."""
    refund_sending.mark_interrupted_refund_unknown(refund_id, SOURCE)


@shared_task
def check_audit_marker() -> None:
    """Hold refunds if the database has lost transactions; advance the audit's marker otherwise."""
    try:
        hold.hold_after_loss(SOURCE)
    except MarkerUnavailable as error:
        logger.error("refunds are not sent: %s", error)


@shared_task
def submit_receipts(invoice_ids: list[int]) -> None:
    """Submit the receipts of these payments to SEQR; recovery retries what is left over or fails.

    While submitPaymentReceipt hangs, only RECEIPT_BATCHES_AT_ONCE threads of a process wait for it.
    """
    if not _receipt_batches.acquire(blocking=False):
        return
    try:
        submit.submit_receipts(invoice_ids)
    finally:
        _receipt_batches.release()


@shared_task
def probe_payments(pause_id: int) -> None:
    """Probe whether SEQR accepts our configuration again; if so, send the unsent invoices."""
    if probe.probe_payments(pause_id) == probe.ProbeResult.RESUMED:
        enqueue(run_recovery)


@shared_task
def answer_loyalty_cards(invoice_id: int) -> None:
    """Answer the loyalty cards of a customer who waits; recovery retries it later."""
    answer.answer_loyalty_cards(invoice_id)


@shared_task
def repeat_late_query(invoice_id: int) -> None:
    """Query an ended invoice whose last answer was lost; recovery retries it later."""
    try:
        refresh.repeat_late_query(invoice_id, SOURCE)
    except SeqrError as error:
        logger.warning("invoice %s: %s", invoice_id, error)


@shared_task
def open_unconfirmed_case(invoice_id: int) -> None:
    """Open a case about a payment that SEQR has not confirmed again for long."""
    unconfirmed.open_unconfirmed_case(invoice_id, SOURCE)


@shared_task
def send_invoices(invoice_ids: list[int]) -> None:
    """Send invoices that recovery has found, one after the other, until its next run.

    The next run finds those that are left over or fail. While sendInvoice hangs, only
    RECOVERY_SENDS_AT_ONCE threads of a process wait for it; the others do the rest of the work.
    """
    if not _recovery_sends.acquire(blocking=False):
        return
    try:
        until = time.monotonic() + RECOVERY_SEND_SECONDS
        for invoice_id in invoice_ids:
            if time.monotonic() > until:
                break
            try:
                send.send_invoice(invoice_id)
            except SeqrError as error:
                logger.warning("invoice %s: %s", invoice_id, error)
    finally:
        _recovery_sends.release()


@shared_task
def run_recovery() -> None:
    """Enqueue the work that lost messages, killed processes and time have left.

    All of it goes to the background queue: its calls may hang, and no new customer waits for them.
    The kinds of work take turns, so that none waits behind all of another: what has not started by
    the next run is dropped.
    """
    work = recovery.find_work()
    unsent = work.invoices_to_send
    parts = [unsent[first::RECOVERY_SENDS_AT_ONCE] for first in range(RECOVERY_SENDS_AT_ONCE)]
    kinds: tuple[tuple[Task[..., Any], list[Any]], ...] = (
        (send_invoices, [part for part in parts if part]),
        (cancel_overdue_invoice, work.invoices_to_expire),
        (finish_cancel, work.invoices_to_cancel),
        (send_refund, work.refunds_to_send),
        (mark_interrupted_refund_unknown, work.interrupted_refunds),
        (submit_receipts, work.receipts_to_submit),
        (probe_payments, work.pauses_to_probe),
        (answer_loyalty_cards, work.loyalty_answers_due),
        (repeat_late_query, work.late_queries_to_repeat),
        (open_unconfirmed_case, work.unconfirmed_payments),
    )
    turns = zip_longest(*([(task, argument) for argument in items] for task, items in kinds))
    for task, argument in filter(None, chain.from_iterable(turns)):
        enqueue(
            task,
            argument,
            queue=settings.CELERY_TASK_DEFAULT_QUEUE,
            expires=settings.RECOVERY_INTERVAL_SECONDS,
        )


@shared_task
def advance_periods() -> None:
    """Create the day's transaction periods, and enqueue the next step of each unfinished one.

    Releases refunds on hold, once the reports show which of them SEQR has made, and opens a case
    about each report that is overdue.
    """
    held_refunds.review_held_refunds()
    now = database_now()
    overdue.open_overdue_cases(now)
    for period_id in periods.periods_due(now):
        enqueue(advance_period, period_id, expires=settings.RECOVERY_INTERVAL_SECONDS)


@shared_task
def advance_period(period_id: int) -> None:
    """Close a period or fetch its report; the next run retries what fails."""
    try:
        periods.advance_period(period_id)
    except SeqrError as error:
        logger.warning("period %s: %s", period_id, error)


@worker_ready.connect
def check_audit_marker_at_start(**_details: Any) -> None:
    """Check for lost transactions as soon as a worker has started."""
    enqueue(check_audit_marker)


@shared_task
def send_mails() -> None:
    """Send the mails that wait in the outbox."""
    outbox.send_mails()


@shared_task
def deliver_exports() -> None:
    """Store the deliveries of scheduled exports that are due, and enqueue each of them."""
    for delivery_id in deliveries.deliveries_due(database_now()):
        enqueue(make_delivery, delivery_id, expires=60)


@shared_task
def make_delivery(delivery_id: int) -> None:
    """Deliver one period of a scheduled export; a later run retries what fails."""
    deliveries.make_delivery(delivery_id)


@shared_task
def retire_terminals() -> None:
    """Retire the replaced terminals on which nothing hangs any more."""
    terminals.retire_free_terminals()


@shared_task
def count_takings() -> None:
    """Count new receipts into the takings, and new events into the activity."""
    update_takings()
    update_activity()


@shared_task
def digest_audit() -> None:
    """Store the digests of the audit's finished days."""
    digest_finished_days(database_now())


@shared_task
def extend_audit() -> None:
    """Make the audit's partitions of the next months; the next run makes those that are left."""
    try:
        make_audit_partitions()
    except OperationalError as error:
        logger.warning("the audit's next partition waits for a lock: %s", error)


@shared_task
def erase_customers() -> None:
    """Erase the customers whose data is no longer needed."""
    erase_old_customers(database_now())


@shared_task
def forget_sessions() -> None:
    """Delete the sessions of customers and staff that have expired, once their scans count."""
    scans.count_scans()
    scans.forget_old_scans()
    forget_expired_sessions()


@shared_task
def count_scans() -> None:
    """Count the scans of the printed codes."""
    scans.count_scans()
