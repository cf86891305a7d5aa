"""The probe: an invoice of its own finds out whether SEQR accepts our settings again.

It is sent, asked about and cancelled, as a customer's is, and nobody is ever shown it: so nobody
can pay it, and one that is left behind at SEQR does no harm.
"""

import logging
import secrets
from datetime import timedelta
from decimal import Decimal
from enum import Enum, auto

from django.db import transaction

from orders.audit import ChangeSource, record_event, record_event_once
from orders.clock import database_now
from orders.models import EventName, Shop, SourceName
from payments import seqr
from payments.availability.pause import FIRST_PROBE_AFTER, PAYING
from payments.call_audit import audited_client
from payments.callback_urls import back_url, notification_url
from payments.cases.cases import close_case, open_case
from payments.leases import LEASE, call_lease_duration, doubling_pause
from payments.models import CaseKind, PaymentPause
from payments.seqr import SeqrClient, SeqrConfigurationError, SeqrError

logger = logging.getLogger(__name__)

SOURCE = ChangeSource(SourceName.PROBE)
LONGEST_PAUSE = timedelta(seconds=60)


class Probe(Enum):
    """What came of a probe."""

    OPENED = auto()  # SEQR accepts our settings, and paying is open
    REFUSED = auto()  # SEQR refuses our settings as before
    UNANSWERED = auto()  # SEQR said nothing about our settings
    NOT_MADE = auto()  # paying is open, or a probe is under way or not due yet


def probe_payments(stop_id: int, source: ChangeSource = SOURCE, *, at_once: bool = False) -> Probe:
    """Probe whether paying can be opened, if that is due or wanted `at_once`; say what came of it.

    One probe is made at a time. Once it has opened paying, the caller has the waiting invoices
    sent.
    """
    stop = _take_lease(stop_id, at_once=at_once)
    if stop is None:
        return Probe.NOT_MADE
    try:
        _make_probe(stop, audited_client(None, source))
    except SeqrConfigurationError as error:
        _stay_closed(stop_id, EventName.PROBE_REFUSED, error, source)
        return Probe.REFUSED
    except SeqrError as error:
        _stay_closed(stop_id, EventName.PROBE_UNANSWERED, error, source)
        return Probe.UNANSWERED
    _open(stop_id, source)
    return Probe.OPENED


def probe_soon(case_id: int) -> None:
    """Have the next sweep make a probe, if paying is closed by this case."""
    PaymentPause.objects.filter(case_id=case_id, ended_at=None).update(next_probe_at=database_now())


@transaction.atomic
def _take_lease(stop_id: int, *, at_once: bool) -> PaymentPause | None:
    """Return the stop if its probe is ours to make; nobody else makes one until the lease ends."""
    stop = _lock(stop_id)
    now = database_now()
    if stop.ended_at is not None or not LEASE.has_lapsed(stop, now):
        return None
    if stop.next_probe_at > now and not at_once:
        return None
    stop.probes += 1
    stop.lease_until = now + call_lease_duration(timeouts=4)
    stop.save(update_fields=["probes", "lease_until"])
    return stop


def _lock(stop_id: int) -> PaymentPause:
    return PaymentPause.objects.select_for_update().get(pk=stop_id)


def _make_probe(stop: PaymentPause, seqr: SeqrClient) -> None:
    sent = seqr.send_invoice(_probe_message(stop))
    try:
        seqr.get_payment_status(sent.invoice_reference, 0)
    finally:
        _cancel(sent.invoice_reference, seqr)


def _cancel(invoice_reference: str, seqr: SeqrClient) -> None:
    """Cancel the probe's invoice. Only a refusal of our settings says anything about them."""
    try:
        seqr.cancel_invoice(invoice_reference)
    except SeqrConfigurationError:
        raise
    except SeqrError as error:
        logger.info("the probe's invoice %s is left at SEQR: %s", invoice_reference, error)


@transaction.atomic
def _stay_closed(stop_id: int, event: EventName, error: SeqrError, source: ChangeSource) -> None:
    stop = _lock(stop_id)
    if stop.ended_at is not None:
        return
    if isinstance(error, SeqrConfigurationError):
        stop.reason = str(error)
        # New where a person has closed the one before, believing that the settings were mended.
        stop.case = open_case(CaseKind.CONFIGURATION, source, str(error), key=PAYING) or stop.case
    stop.next_probe_at = database_now() + doubling_pause(
        stop.probes, FIRST_PROBE_AFTER, LONGEST_PAUSE
    )
    stop.lease_until = None
    stop.save(update_fields=["case", "reason", "next_probe_at", "lease_until"])
    if source.is_person:  # each of whose checks is in the history
        record_event(stop.case, event, source, detail=str(error))
    else:
        record_event_once(stop.case, event, source, detail=str(error))


@transaction.atomic
def _open(stop_id: int, source: ChangeSource) -> None:
    stop = _lock(stop_id)
    if stop.ended_at is not None:
        return
    stop.ended_at = database_now()
    stop.lease_until = None
    stop.save(update_fields=["ended_at", "lease_until"])
    record_event(stop.case, EventName.PAYMENTS_RESUMED, source)
    close_case(stop.case_id, source, "SEQR accepts our settings again")
    logger.info("paying is open again")


def _probe_message(stop: PaymentPause) -> seqr.Invoice:
    """Return a probe's invoice: like a customer's, over 1.00, its addresses leading to no order."""
    shop = Shop.objects.earliest("pk")
    amount = seqr.Amount(Decimal("1.00"), shop.currency)
    title = "Check of the settings, not to be paid"
    return seqr.Invoice(
        title=title,
        client_invoice_id=f"check-{stop.pk}-{stop.probes}",
        issue_date=database_now(),
        rows=(seqr.InvoiceRow(title, Decimal(1), amount),),
        total_amount=amount,
        cashier_id=shop.slug,
        footer=title,
        notification_url=notification_url(secrets.token_urlsafe(24)),
        back_url=back_url(secrets.token_urlsafe(24)),
    )
