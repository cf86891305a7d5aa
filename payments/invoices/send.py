"""sendInvoice: takes a lease, calls SEQR outside any transaction, and stores the reference."""

from django.db import transaction

from orders.audit import ChangeSource, record_event, record_event_once
from orders.clock import database_now
from orders.models import EventName, SourceName
from orders.state_machine import save_fields
from payments.availability.pause import pause_payments, payments_are_paused
from payments.call_audit import audited_client
from payments.invoices.cancel import finish_cancel
from payments.invoices.payloads import invoice_payload
from payments.invoices.refresh import refresh_invoice
from payments.invoices.transitions import lock_invoice, transition_invoice, unpaid_final_status
from payments.leases import LEASE
from payments.models import Invoice, InvoiceStatus
from payments.seqr import (
    SentInvoice,
    SeqrConfigurationError,
    SeqrError,
    SeqrProtocolError,
    SeqrRejected,
)

SOURCE = ChangeSource(SourceName.SEND_INVOICE)


def send_invoice(invoice_id: int) -> None:
    """Send an invoice that has no reference yet and is not being cancelled; else do nothing.

    Nothing is sent while payments are paused. A reference that never reached the shop cannot be
    paid by anyone, so the next call sends an invoice again whose answer was lost. Raises
    SeqrUnavailable and SeqrOutcomeUnknown, after which another call may succeed, and
    SeqrConfigurationError, which a person has to correct first.
    """
    invoice = _take_lease(invoice_id)
    if invoice is None:
        return
    try:
        client = audited_client(invoice.order_id, SOURCE)
        sent = _require_new_reference(client.send_invoice(invoice_payload(invoice)))
    except SeqrConfigurationError as error:
        _defer(invoice_id, error)
        raise
    except SeqrRejected as error:
        _reject(invoice_id, error)
        return
    except SeqrError as error:
        _defer(invoice_id, error)
        raise
    _store_or_cancel(invoice_id, sent)


def _require_new_reference(sent: SentInvoice) -> SentInvoice:
    if Invoice.objects.filter(invoice_reference=sent.invoice_reference).exists():
        raise SeqrProtocolError("sendInvoice", "the reference is another invoice's")
    return sent


@transaction.atomic
def _take_lease(invoice_id: int) -> Invoice | None:
    """Take the lease and return the invoice; None if it must not be sent now."""
    if payments_are_paused():
        return None
    invoice = lock_invoice(invoice_id)
    now = database_now()
    if invoice.status == InvoiceStatus.CREATED:
        transition_invoice(invoice, InvoiceStatus.SENDING, SOURCE, **LEASE.taken(now))
        return invoice
    if invoice.status == InvoiceStatus.SENDING and LEASE.has_lapsed(invoice, now):
        save_fields(invoice, **LEASE.taken(now))
        return invoice
    return None


def _defer(invoice_id: int, error: SeqrError) -> None:
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        if invoice.invoice_reference is not None:
            return
        save_fields(invoice, **LEASE.released())
        record_event_once(invoice, EventName.SENDING_FAILED, SOURCE, detail=str(error))
        if isinstance(error, SeqrConfigurationError):
            pause_payments(invoice, error, SOURCE)
    finish_cancel(invoice_id, SOURCE)


def _reject(invoice_id: int, error: SeqrRejected) -> None:
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        if invoice.invoice_reference is not None:
            return
        if invoice.status == InvoiceStatus.SENDING:
            transition_invoice(
                invoice, InvoiceStatus.FAILED, SOURCE, detail=str(error), **LEASE.released()
            )
        elif invoice.status == InvoiceStatus.CANCEL_PENDING:
            transition_invoice(
                invoice,
                unpaid_final_status(invoice.cancel_reason),
                SOURCE,
                detail=str(error),
                **LEASE.released(),
            )


def _store_or_cancel(invoice_id: int, sent: SentInvoice) -> None:
    """Store the first reference; cancel any other one, since at most one is ever shown."""
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        stored = _store(invoice, sent)
    if not stored:
        _cancel_stray(invoice, sent.invoice_reference)
    elif invoice.status == InvoiceStatus.CANCEL_PENDING:
        finish_cancel(invoice_id, SOURCE)
    elif invoice.notified_at is not None:  # the notification came before the answer
        refresh_invoice(invoice_id, ChangeSource(SourceName.NOTIFICATION))


def _store(invoice: Invoice, sent: SentInvoice) -> bool:
    if invoice.invoice_reference is not None:
        return False
    fields = {
        "invoice_reference": sent.invoice_reference,
        "invoice_qr_code": sent.invoice_qr_code,
        "issued_at": database_now(),
        **LEASE.released(),
    }
    if invoice.status == InvoiceStatus.SENDING:
        return transition_invoice(
            invoice, InvoiceStatus.ISSUED, SOURCE, detail=sent.invoice_reference, **fields
        )
    if invoice.status == InvoiceStatus.CANCEL_PENDING:
        save_fields(invoice, **fields)
        record_event(
            invoice, EventName.SENT_AFTER_CANCEL_REQUEST, SOURCE, detail=sent.invoice_reference
        )
        return True
    return False


def _cancel_stray(invoice: Invoice, invoice_reference: str) -> None:
    try:
        audited_client(invoice.order_id, SOURCE).cancel_invoice(invoice_reference)
        event, detail = EventName.STRAY_REFERENCE_CANCELED, invoice_reference
    except SeqrError as error:  # it was never shown, so it cannot be paid
        event, detail = EventName.STRAY_REFERENCE_NOT_CANCELED, f"{invoice_reference}: {error}"
    with transaction.atomic():
        record_event(lock_invoice(invoice.pk), event, SOURCE, detail=detail)
