"""Probes whether SEQR accepts a terminal again, and then resumes its payments.

A probe sends an invoice of its own, queries its status and cancels it. Its reference is never
shown, so nobody can pay it, and one that stays uncancelled at SEQR does no harm.
"""

import logging
import secrets
from datetime import timedelta
from decimal import Decimal
from enum import Enum, auto

from django.db import transaction

from orders.audit import ChangeSource, record_event, record_event_once
from orders.clock import database_now
from orders.models import EventName, SourceName
from payments import seqr
from payments.availability.pause import (
    FIRST_PROBE_AFTER,
    end_pause_of_retired,
    is_retired,
    open_pause_case,
)
from payments.call_audit import audited_client
from payments.callback_urls import back_url, notification_url
from payments.cases.cases import close_case
from payments.leases import LEASE, call_lease_duration, doubling_pause
from payments.models import PaymentPause
from payments.seqr import SeqrClient, SeqrConfigurationError, SeqrError

logger = logging.getLogger(__name__)

SOURCE = ChangeSource(SourceName.PROBE)
MAX_PROBE_INTERVAL = timedelta(seconds=60)
PROBE_CURRENCY = "SEK"


class ProbeResult(Enum):
    """The result of a probe."""

    RESUMED = auto()  # SEQR accepts our configuration, and payments are resumed
    REJECTED = auto()  # SEQR still rejects our configuration
    UNANSWERED = auto()  # SEQR gave no clear answer
    NOT_MADE = auto()  # payments are not paused, or a probe is running or not due


def probe_payments(
    pause_id: int, source: ChangeSource = SOURCE, *, force: bool = False
) -> ProbeResult:
    """Make a probe if one is due, or in any case with `force`; return its result.

    One probe runs at a time. After RESUMED, the caller enqueues the unsent invoices.
    """
    pause = _take_lease(pause_id, force=force)
    if pause is None:
        return ProbeResult.NOT_MADE
    try:
        _send_probe(pause, audited_client(pause.terminal_id, None, source))
    except SeqrConfigurationError as error:
        _keep_paused(pause_id, EventName.PROBE_REFUSED, error, source)
        return ProbeResult.REJECTED
    except SeqrError as error:
        _keep_paused(pause_id, EventName.PROBE_UNANSWERED, error, source)
        return ProbeResult.UNANSWERED
    _resume(pause_id, source)
    return ProbeResult.RESUMED


def schedule_probe(case_id: int) -> None:
    """Make the next recovery task probe, if payments are paused by this case."""
    PaymentPause.objects.filter(case_id=case_id, ended_at=None).update(next_probe_at=database_now())


def schedule_probe_of(terminal_id: int) -> None:
    """Make the next recovery task probe, if a terminal's payments are paused."""
    pauses = PaymentPause.objects.filter(terminal_id=terminal_id, ended_at=None)
    pauses.update(next_probe_at=database_now())


@transaction.atomic
def _take_lease(pause_id: int, *, force: bool) -> PaymentPause | None:
    """Take the lease for a probe; return the pause, or None where no probe is to be made.

    Ends a pause that began while its terminal was retired.
    """
    pause = _lock(pause_id)
    now = database_now()
    if pause.ended_at is not None or not LEASE.has_lapsed(pause, now):
        return None
    if is_retired(pause.terminal_id):
        end_pause_of_retired(pause.terminal_id, SOURCE)
        return None
    if pause.next_probe_at > now and not force:
        return None
    pause.probes += 1
    pause.lease_until = now + call_lease_duration(timeouts=4)
    pause.save(update_fields=["probes", "lease_until"])
    return pause


def _lock(pause_id: int) -> PaymentPause:
    return PaymentPause.objects.select_for_update(no_key=True).get(pk=pause_id)


def _send_probe(pause: PaymentPause, seqr: SeqrClient) -> None:
    sent = seqr.send_invoice(_probe_invoice(pause))
    try:
        seqr.get_payment_status(sent.invoice_reference, 0)
    finally:
        _cancel(sent.invoice_reference, seqr)


def _cancel(invoice_reference: str, seqr: SeqrClient) -> None:
    """Cancel the probe's invoice. Only a rejected configuration fails the probe."""
    try:
        seqr.cancel_invoice(invoice_reference)
    except SeqrConfigurationError:
        raise
    except SeqrError as error:
        logger.info(
            "the probe's invoice %s stays uncancelled at SEQR: %s", invoice_reference, error
        )


@transaction.atomic
def _keep_paused(pause_id: int, event: EventName, error: SeqrError, source: ChangeSource) -> None:
    pause = _lock(pause_id)
    if pause.ended_at is not None:
        return
    if isinstance(error, SeqrConfigurationError):
        pause.reason = str(error)
        # A new case where a person has closed the previous one without correcting the settings.
        pause.case = open_pause_case(pause.terminal_id, error, source) or pause.case
    pause.next_probe_at = database_now() + doubling_pause(
        pause.probes, FIRST_PROBE_AFTER, MAX_PROBE_INTERVAL
    )
    pause.lease_until = None
    pause.save(update_fields=["case", "reason", "next_probe_at", "lease_until"])
    if source.is_person:  # the history has each check by a person
        record_event(pause.case, event, source, detail=str(error))
    else:
        record_event_once(pause.case, event, source, detail=str(error))


@transaction.atomic
def _resume(pause_id: int, source: ChangeSource) -> None:
    pause = _lock(pause_id)
    if pause.ended_at is not None:
        return
    pause.ended_at = database_now()
    pause.lease_until = None
    pause.save(update_fields=["ended_at", "lease_until"])
    record_event(pause.case, EventName.PAYMENTS_RESUMED, source)
    close_case(pause.case_id, source, "SEQR accepts our settings again")
    logger.info("payments of terminal %s are resumed", pause.terminal_id)


def _probe_invoice(pause: PaymentPause) -> seqr.Invoice:
    """Return an invoice over 1.00 whose addresses belong to no order."""
    amount = seqr.Amount(Decimal("1.00"), PROBE_CURRENCY)
    title = "Check of the settings, not to be paid"
    return seqr.Invoice(
        title=title,
        client_invoice_id=f"check-{pause.pk}-{pause.probes}",
        issue_date=database_now(),
        rows=(seqr.InvoiceRow(title, Decimal(1), amount),),
        total_amount=amount,
        cashier_id="check",
        footer=title,
        notification_url=notification_url(secrets.token_urlsafe(24)),
        back_url=back_url(secrets.token_urlsafe(24)),
    )
