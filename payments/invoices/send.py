"""sendInvoice: takes a lease, calls SEQR outside any transaction, and stores the reference."""

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField
from django.db.models.functions import Now

from orders.audit import ChangeSource, record_event, record_event_once
from orders.clock import SAVED_NOW
from orders.compiled_query import CompiledQuery, Parameter
from orders.models import EventName, SourceName
from orders.state_machine import save_fields
from payments.availability.pause import is_retired, pause_payments, payments_paused
from payments.call_audit import audited_client, audited_client_with
from payments.gateway import credentials_of
from payments.invoices.cancel import finish_cancel
from payments.invoices.payloads import invoice_payload
from payments.invoices.refresh import query_and_acknowledge
from payments.invoices.transitions import (
    lock_invoice,
    locked_invoices,
    transition_invoice,
    unpaid_final_status,
)
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

_TO_SEND = CompiledQuery(
    lambda: (
        locked_invoices("order__shop__terminal__seller")
        .annotate(is_paused=payments_paused("order__shop__terminal"), read_at=Now())
        .filter(pk=Parameter("id", BigIntegerField()))
    )
)


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
        client = audited_client_with(credentials_of(invoice.terminal), SOURCE, invoice.order_id)
        sent = client.send_invoice(invoice_payload(invoice))
        stored = _store(invoice, sent)
    except SeqrConfigurationError as error:
        _defer(invoice, error)
        raise
    except SeqrRejected as error:
        _reject(invoice_id, error)
        return
    except SeqrError as error:
        _defer(invoice, error)
        raise
    if stored is None:
        _cancel_stray(invoice, sent.invoice_reference)
    elif stored.status == InvoiceStatus.CANCEL_PENDING:
        finish_cancel(invoice_id, SOURCE)
    elif stored.notified_at is not None:  # the notification came before the answer
        query_and_acknowledge(invoice_id, ChangeSource(SourceName.NOTIFICATION))


@transaction.atomic
def _take_lease(invoice_id: int) -> Invoice | None:
    """Take the lease for the shop's terminal; return None if the invoice must not be sent now.

    The invoice is returned with what sending needs: its order, the shop, and the terminal.
    """
    invoice = _TO_SEND.get(id=invoice_id)
    if invoice.is_paused:
        return None
    # The shop's terminal may have been replaced. An earlier reference never arrived, so that the
    # former terminal has no invoice that anyone can pay.
    taken = {"terminal": invoice.order.shop.terminal, **LEASE.taken()}
    if invoice.status == InvoiceStatus.CREATED:
        transition_invoice(invoice, InvoiceStatus.SENDING, SOURCE, **taken)
        return invoice
    if invoice.status == InvoiceStatus.SENDING and LEASE.has_lapsed(invoice, invoice.read_at):
        save_fields(invoice, **taken)
        return invoice
    return None


def _defer(sent: Invoice, error: SeqrError) -> None:
    """Release the lease of the call that failed; `sent` is the invoice when it was taken."""
    with transaction.atomic():
        invoice = lock_invoice(sent.pk)
        if invoice.invoice_reference is not None:
            return
        save_fields(invoice, **LEASE.released())
        record_event_once(invoice, EventName.SENDING_FAILED, SOURCE, detail=str(error))
        if isinstance(error, SeqrConfigurationError):
            pause_payments(sent, error, SOURCE)
    finish_cancel(sent.pk, SOURCE)


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


def _store(leased: Invoice, sent: SentInvoice) -> Invoice | None:
    """Store the first reference, and return the invoice; None if it must not be shown.

    `leased` is the invoice when the lease was taken. Its terminal has issued the reference. Raises
    SeqrProtocolError if the reference is another invoice's.
    """
    try:
        with transaction.atomic():
            invoice = lock_invoice(leased.pk)
            if _store_locked(invoice, leased.terminal_id, sent):
                return invoice
    except IntegrityError:
        _require_new_reference(sent)
        raise
    _require_new_reference(sent)  # else another invoice would be cancelled
    return None


def _require_new_reference(sent: SentInvoice) -> None:
    if Invoice.objects.filter(invoice_reference=sent.invoice_reference).exists():
        raise SeqrProtocolError("sendInvoice", "the reference is another invoice's")


def _store_locked(invoice: Invoice, terminal_id: int, sent: SentInvoice) -> bool:
    # Another call may have taken the lease for the shop's new terminal since. A reference of a
    # retired one could not be queried: it is never shown, so nobody pays it.
    if terminal_id != invoice.terminal_id and is_retired(terminal_id):
        return False
    if invoice.invoice_reference is not None:
        return False
    fields = {
        "terminal_id": terminal_id,
        "invoice_reference": sent.invoice_reference,
        "invoice_qr_code": sent.invoice_qr_code,
        "issued_at": SAVED_NOW,
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
        audited_client(invoice.terminal_id, invoice.order_id, SOURCE).cancel_invoice(
            invoice_reference
        )
        event, detail = EventName.STRAY_REFERENCE_CANCELED, invoice_reference
    except SeqrError as error:  # it was never shown, so it cannot be paid
        event, detail = EventName.STRAY_REFERENCE_NOT_CANCELED, f"{invoice_reference}: {error}"
    with transaction.atomic():
        record_event(lock_invoice(invoice.pk), event, SOURCE, detail=detail)
