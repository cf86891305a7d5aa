"""Celery's way in: ids in, a shop call, another try where that helps."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from celery import Task, shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from kombu.exceptions import OperationalError

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName
from orders.services import forget_expired_sessions
from payments import recovery
from payments.availability import probe
from payments.cases import outbox
from payments.invoices import cancel, refresh, send
from payments.loyalty import answer
from payments.models import CancelReason
from payments.polling.run import run_shard, stop_polling
from payments.receipts import submit
from payments.reconciliation import periods
from payments.refunds import refund
from payments.seqr import SeqrConfigurationError, SeqrError

logger = logging.getLogger(__name__)

SOURCE = ChangeSource(SourceName.RECOVERY)
LOOP_SECONDS = 300


def enqueue(task: Task[..., Any], *args: Any, expires: float | None = None) -> None:
    """Put a task into its queue. Where the broker is away, leave it to the sweep.

    A task not begun within `expires` seconds is dropped.
    """
    options: dict[str, Any] = {} if expires is None else {"expires": expires}
    try:
        task.apply_async(args, retry=False, **options)
    except OperationalError:
        logger.warning("%s%r could not be enqueued; the sweep will find it", task.name, args)


@shared_task(bind=True, max_retries=2)
def send_invoice(self: Task[..., Any], invoice_id: int) -> None:
    """Send one invoice; try again in a second, then leave it to the sweep."""
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
    """Cancel an invoice whose lifetime is over, listening to SEQR's answer."""
    try:
        cancel.cancel_invoice(invoice_id, CancelReason.LIFETIME, SOURCE)
    except cancel.AlreadyPaid:
        logger.info("invoice %s was paid at the last moment", invoice_id)


@shared_task
def finish_cancel(invoice_id: int) -> None:
    """Try once more to bring a wanted cancel to its end."""
    cancel.finish_cancel(invoice_id, SOURCE)


@shared_task
def send_refund(refund_id: int) -> None:
    """Send one refund; what could not leave is left to the sweep."""
    try:
        refund.send_refund(refund_id)
    except SeqrError as error:
        logger.warning("refund %s: %s", refund_id, error)


@shared_task
def give_up_refund(refund_id: int) -> None:
    """Call a refund unknown whose sender has died."""
    refund.give_up_sending(refund_id, SOURCE)


@shared_task
def submit_receipt(invoice_id: int) -> None:
    """Give SEQR the receipt of one payment; what fails is the sweep's again later."""
    submit.submit_receipt(invoice_id)


@shared_task
def probe_paying(stop_id: int) -> None:
    """Find out whether SEQR accepts our settings again; if so, have what waits sent at once."""
    if probe.probe_paying(stop_id) == probe.Probe.OPENED:
        enqueue(sweep)


@shared_task
def answer_cards(invoice_id: int) -> None:
    """Answer the loyalty cards of a customer who waits; what fails is the sweep's again later."""
    answer.answer_cards(invoice_id)


@shared_task
def ask_once_more(invoice_id: int) -> None:
    """Ask about an ended invoice whose last answer was lost; what fails is the sweep's again."""
    try:
        refresh.ask_once_more(invoice_id, SOURCE)
    except SeqrError as error:
        logger.warning("invoice %s: %s", invoice_id, error)


@shared_task
def sweep() -> None:
    """Enqueue what lost messages, killed processes and time have left to do."""
    work = recovery.find_work()
    for task, ids in (
        (send_invoice, work.to_send),
        (cancel_overdue_invoice, work.to_expire),
        (finish_cancel, work.to_settle),
        (send_refund, work.refunds_to_send),
        (give_up_refund, work.refunds_to_give_up),
        (submit_receipt, work.to_receipt),
        (probe_paying, work.to_probe),
        (answer_cards, work.to_answer),
        (ask_once_more, work.to_ask_once_more),
    ):
        for row_id in ids:
            enqueue(task, row_id, expires=settings.RECOVERY_INTERVAL_SECONDS)


@shared_task
def sweep_periods() -> None:
    """Begin the day's transaction period, and enqueue what each unfinished one needs next."""
    for period_id in periods.periods_due(database_now()):
        enqueue(advance_period, period_id, expires=settings.RECOVERY_INTERVAL_SECONDS)


@shared_task
def advance_period(period_id: int) -> None:
    """Close a period or fetch its report; what fails is the sweep's again later."""
    try:
        periods.advance_period(period_id)
    except SeqrError as error:
        logger.warning("period %s: %s", period_id, error)


@shared_task
def poll_shard(shard: int) -> None:
    """Poll a shard for a while, then pass it on to the next loop; Beat is only the net."""
    if run_shard(shard, LOOP_SECONDS, on_loyalty_card=partial(enqueue, answer_cards)):
        enqueue(poll_shard, shard)


@worker_shutting_down.connect
def stop_loops(**_details: Any) -> None:
    """Let a worker that is told to stop do so within a second."""
    stop_polling()


@shared_task
def send_mails() -> None:
    """Send what waits in the outbox."""
    outbox.send_mails()


@shared_task
def forget_sessions() -> None:
    """Delete customers' sessions that have expired."""
    forget_expired_sessions()
