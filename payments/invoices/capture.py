"""commitReservation: captures the whole amount reserved for an invoice, at a person's request.

The effect of a second commitReservation is not documented. So a lease is committed before the call
and released only if SEQR has refused; until it lapses, SEQR's status alone decides.
"""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.call_audit import audited_client
from payments.cases.cases import close_configuration_cases, open_configuration_case
from payments.invoices.refresh import refresh_invoice
from payments.invoices.transitions import lock_invoice, order_paid_by_another
from payments.leases import Lease
from payments.models import Invoice, InvoiceStatus
from payments.seqr import Amount, SeqrConfigurationError, SeqrError, SeqrOutcomeUnknown

LEASE = Lease("capture_lease_until")


class CaptureNotPossible(Exception):
    """The amount cannot be captured now. The text gives the reason to a person."""


def capture_reservation(invoice_id: int, amount: Decimal, source: ChangeSource) -> InvoiceStatus:
    """Capture the amount reserved for an invoice, and return the invoice's status.

    `amount` is the invoice's whole amount in major units, as the person saw it. The status is
    queried before and after; it may still be RESERVED afterwards. Raises CaptureNotPossible, also
    if SEQR does not answer before the capture, and the gateway's errors. After SeqrOutcomeUnknown
    the amount may have been captured; a later status shows it.
    """
    _refresh_before(invoice_id, source)
    invoice = _take_lease(invoice_id, amount, source)
    assert invoice.invoice_reference is not None
    try:
        client = audited_client(invoice.terminal_id, invoice.order_id, source)
        client.commit_reservation(invoice.invoice_reference, Amount(amount, invoice.currency))
    except SeqrOutcomeUnknown as error:
        _record(invoice_id, EventName.CAPTURE_OUTCOME_UNKNOWN, source, str(error))
        if _status_now(invoice_id, source) != InvoiceStatus.PAID:
            raise
    except SeqrError as error:
        _capture_failed(invoice_id, source, error)
        if _status_now(invoice_id, source) != InvoiceStatus.PAID:
            raise
    else:
        _captured(invoice_id, source)
    return _status_now(invoice_id, source)


def _refresh_before(invoice_id: int, source: ChangeSource) -> None:
    try:
        refresh_invoice(invoice_id, source)
    except SeqrError as error:  # nothing has been captured
        raise CaptureNotPossible(
            _("Not captured: SEQR does not confirm the reservation (%(error)s).")
            % {"error": str(error).rstrip(".")}
        ) from error


def _status_now(invoice_id: int, source: ChangeSource) -> InvoiceStatus:
    """Query the status; if SEQR does not answer, return the stored one."""
    try:
        return refresh_invoice(invoice_id, source)
    except SeqrError:
        return InvoiceStatus(Invoice.objects.get(pk=invoice_id).status)


@transaction.atomic
def _take_lease(invoice_id: int, amount: Decimal, source: ChangeSource) -> Invoice:
    invoice = lock_invoice(invoice_id)
    now = database_now()
    if invoice.status != InvoiceStatus.RESERVED:
        label = InvoiceStatus(invoice.status).label
        raise CaptureNotPossible(_("Nothing is reserved: the payment is now %s.") % label)
    if order_paid_by_another(invoice):
        raise CaptureNotPossible(_("Another payment has paid the order."))
    if amount != invoice.amount:
        raise CaptureNotPossible(_("The amount has changed; check it again."))
    if not LEASE.has_lapsed(invoice, now):
        raise CaptureNotPossible(
            _("A capture is running, or SEQR's answer was lost. Check with SEQR in 30 seconds.")
        )
    save_fields(invoice, **LEASE.taken())
    record_event(invoice, EventName.CAPTURE_STARTED, source, detail=f"{amount} {invoice.currency}")
    return invoice


@transaction.atomic
def _capture_failed(invoice_id: int, source: ChangeSource, error: SeqrError) -> None:
    invoice = lock_invoice(invoice_id)
    save_fields(invoice, **LEASE.released())
    _record(invoice_id, EventName.CAPTURE_FAILED, source, str(error))
    if isinstance(error, SeqrConfigurationError):
        open_configuration_case(invoice.terminal_id, error, source)


@transaction.atomic
def _captured(invoice_id: int, source: ChangeSource) -> None:
    """Record the capture. The lease stays: a query sent before may be applied only now."""
    invoice = lock_invoice(invoice_id)
    record_event(invoice, EventName.RESERVATION_CAPTURED, source)
    close_configuration_cases(invoice.terminal_id, "commitReservation", source)


@transaction.atomic
def _record(invoice_id: int, event: EventName, source: ChangeSource, detail: str = "") -> None:
    record_event(lock_invoice(invoice_id), event, source, detail=detail)
