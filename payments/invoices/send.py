"""sendInvoice: a lease, the call outside any transaction, and what its answer may change."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from orders.audit import ChangeSource
from orders.clock import database_now
from payments.availability.pause import pause_payments, payments_are_paused
from payments.call_audit import audited_client
from payments.invoices.cancel import finish_cancel
from payments.invoices.payloads import invoice_message
from payments.invoices.refresh import refresh_invoice
from payments.invoices.transitions import (
    lock_invoice,
    record,
    record_once,
    save_fields,
    transition,
    unpaid_final_status,
)
from payments.models import Invoice, InvoiceStatus
from payments.seqr import (
    SentInvoice,
    SeqrConfigurationError,
    SeqrError,
    SeqrProtocolError,
    SeqrRejected,
)

BY_SENDING = ChangeSource("send_invoice")


def send_invoice(invoice_id: int) -> None:
    """Send an invoice that is wanted and has no reference yet; else do nothing.

    Nor is anything sent while paying is closed: the invoice waits as it is.

    A reference that never reached us can be paid by nobody, so an invoice whose answer was lost is
    sent again by the next call. Raises SeqrUnavailable and SeqrOutcomeUnknown, which are worth
    another call, and SeqrConfigurationError, which a person must mend first.
    """
    invoice = _take_lease(invoice_id)
    if invoice is None:
        return
    try:
        client = audited_client(invoice.order_id, BY_SENDING)
        sent = _new_reference(client.send_invoice(invoice_message(invoice)))
    except SeqrConfigurationError as error:
        _put_off(invoice_id, error)
        raise
    except SeqrRejected as error:
        _refused(invoice_id, error)
        return
    except SeqrError as error:
        _put_off(invoice_id, error)
        raise
    _keep(invoice_id, sent)


def _new_reference(sent: SentInvoice) -> SentInvoice:
    if Invoice.objects.filter(invoice_reference=sent.invoice_reference).exists():
        raise SeqrProtocolError("sendInvoice", "the reference is another invoice's")
    return sent


@transaction.atomic
def _take_lease(invoice_id: int) -> Invoice | None:
    """Return the invoice if it is ours to send now; nobody else sends it until the lease ends."""
    if payments_are_paused():
        return None
    invoice = lock_invoice(invoice_id)
    now = database_now()
    lease_until = now + timedelta(seconds=2 * settings.SEQR_TIMEOUT_SECONDS + 5)
    if invoice.status == InvoiceStatus.CREATED:
        transition(invoice, InvoiceStatus.SENDING, BY_SENDING, lease_until=lease_until)
        return invoice
    if invoice.status == InvoiceStatus.SENDING and _lapsed(invoice):
        save_fields(invoice, lease_until=lease_until)
        return invoice
    return None


def _lapsed(invoice: Invoice) -> bool:
    return invoice.lease_until is None or invoice.lease_until <= database_now()


def _put_off(invoice_id: int, error: SeqrError) -> None:
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        if invoice.invoice_reference is not None:
            return
        save_fields(invoice, lease_until=None)
        record_once(invoice, "sending_failed", BY_SENDING, detail=str(error))
        if isinstance(error, SeqrConfigurationError):
            pause_payments(invoice, error, BY_SENDING)
    finish_cancel(invoice_id, BY_SENDING)


def _refused(invoice_id: int, error: SeqrRejected) -> None:
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        if invoice.invoice_reference is not None:
            return
        if invoice.status == InvoiceStatus.SENDING:
            transition(
                invoice, InvoiceStatus.FAILED, BY_SENDING, detail=str(error), lease_until=None
            )
        elif invoice.status == InvoiceStatus.CANCEL_PENDING:
            transition(
                invoice,
                unpaid_final_status(invoice.cancel_reason),
                BY_SENDING,
                detail=str(error),
                lease_until=None,
            )


def _keep(invoice_id: int, sent: SentInvoice) -> None:
    """Store the reference where there is none yet; else cancel it: one at most is ever shown."""
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        stored = _store(invoice, sent)
    if not stored:
        _cancel_stray(invoice, sent.invoice_reference)
    elif invoice.status == InvoiceStatus.CANCEL_PENDING:
        finish_cancel(invoice_id, BY_SENDING)
    elif invoice.notified_at is not None:  # SEQR was quicker to notify than to answer
        refresh_invoice(invoice_id, ChangeSource("notification"))


def _store(invoice: Invoice, sent: SentInvoice) -> bool:
    if invoice.invoice_reference is not None:
        return False
    fields = {
        "invoice_reference": sent.invoice_reference,
        "invoice_qr_code": sent.invoice_qr_code,
        "issued_at": database_now(),
        "lease_until": None,
    }
    if invoice.status == InvoiceStatus.SENDING:
        return transition(
            invoice, InvoiceStatus.ISSUED, BY_SENDING, detail=sent.invoice_reference, **fields
        )
    if invoice.status == InvoiceStatus.CANCEL_PENDING:
        save_fields(invoice, **fields)
        record(invoice, "sent_though_unwanted", BY_SENDING, detail=sent.invoice_reference)
        return True
    return False


def _cancel_stray(invoice: Invoice, invoice_reference: str) -> None:
    try:
        audited_client(invoice.order_id, BY_SENDING).cancel_invoice(invoice_reference)
        event, detail = "stray_reference_canceled", invoice_reference
    except SeqrError as error:  # it was never shown, so nobody can pay it
        event, detail = "stray_reference_left", f"{invoice_reference}: {error}"
    with transaction.atomic():
        record(lock_invoice(invoice.pk), event, BY_SENDING, detail=detail)
