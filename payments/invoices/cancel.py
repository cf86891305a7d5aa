"""cancelInvoice: one path for the customer, the staff and the end of an invoice's lifetime.

The request is stored first. Then the status is queried, the invoice cancelled at SEQR, and the
answer applied. An invoice has ended when SEQR has confirmed it, or if it never had a reference.
"""

from django.db import transaction

from orders.audit import ChangeSource, record_event_once
from orders.clock import database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.call_audit import audited_client
from payments.cases.cases import open_case
from payments.invoices.refresh import refresh_invoice
from payments.invoices.transitions import (
    lock_invoice,
    paid_by_another,
    transition_invoice,
    unpaid_final_status,
)
from payments.leases import LEASE
from payments.models import OPEN_STATUSES, CancelReason, CaseKind, Invoice, InvoiceStatus
from payments.seqr import ResultCode, SeqrConflict, SeqrError, SeqrRejected

# SEQR's refusals after which the invoice cannot be paid.
UNPAYABLE_RESULT_CODES = (
    ResultCode.INVALID_INVOICE_REFERENCE,
    ResultCode.PAYMENT_ALREADY_CANCELLED,
    ResultCode.PAYMENT_EXPIRED,
)
PAID_TOO = "SEQR has a payment of this invoice too, and refuses to cancel it (50)"


class AlreadyPaid(Exception):
    """The invoice is paid and cannot be cancelled; it can be refunded."""


def cancel_invoice(invoice_id: int, reason: CancelReason, source: ChangeSource) -> Invoice:
    """Request the cancel of an invoice, try it at once, and return the invoice.

    It may still be CANCEL_PENDING, if SEQR did not answer or a payment is in progress: recovery
    tries again. Raises AlreadyPaid, and Invoice.DoesNotExist.
    """
    _request_cancel(invoice_id, reason, source)
    finish_cancel(invoice_id, source)
    invoice = Invoice.objects.select_related("order").get(pk=invoice_id)
    if invoice.status == InvoiceStatus.PAID:
        raise AlreadyPaid
    return invoice


@transaction.atomic
def _request_cancel(invoice_id: int, reason: CancelReason, source: ChangeSource) -> None:
    invoice = lock_invoice(invoice_id)
    if invoice.status == InvoiceStatus.PAID:
        raise AlreadyPaid
    if not invoice.is_open or invoice.cancel_reason:
        return
    if invoice.status == InvoiceStatus.CREATED:
        transition_invoice(invoice, unpaid_final_status(reason), source, cancel_reason=reason)
    else:
        transition_invoice(invoice, InvoiceStatus.CANCEL_PENDING, source, cancel_reason=reason)


def finish_cancel(invoice_id: int, source: ChangeSource) -> None:
    """Finish a requested cancel, as far as SEQR answers now; else do nothing."""
    invoice = Invoice.objects.get(pk=invoice_id)
    if not invoice.is_open or not invoice.cancel_reason:
        return
    if invoice.invoice_reference is None:
        _end_unsent(invoice_id, source)
        return
    if not _is_superseded(invoice):
        # Query first: after a refused cancel of a paid invoice, nobody would query the payment.
        try:
            status = refresh_invoice(invoice_id, source)
        except SeqrError as error:
            _record_error(invoice_id, EventName.CANCEL_DEFERRED, error, source)
            return
        if status not in OPEN_STATUSES:
            return
    _cancel_at_seqr(invoice, source)


def _cancel_at_seqr(invoice: Invoice, source: ChangeSource) -> None:
    assert invoice.invoice_reference is not None
    try:
        audited_client(invoice.order_id, source).cancel_invoice(invoice.invoice_reference)
    except SeqrConflict as error:
        if error.result_code == ResultCode.INVOICE_ALREADY_CANCELED:
            _confirm_cancel(invoice.pk, source)
            return
        _record_error(invoice.pk, EventName.CANCEL_REFUSED, error, source)
        if error.result_code == ResultCode.CANNOT_CANCEL_PAID_INVOICE:
            _open_duplicate_payment_case(invoice.pk, source)
            _refresh_unless_superseded(invoice, source)
    except SeqrRejected as error:
        _record_error(invoice.pk, EventName.CANCEL_REFUSED, error, source)
        if (
            invoice.cancel_reason == CancelReason.SUPERSEDED
            and error.result_code in UNPAYABLE_RESULT_CODES
        ):
            _confirm_cancel(invoice.pk, source)  # for other reasons, a query finds the end
        else:
            _refresh_unless_superseded(invoice, source)
    except SeqrError as error:
        _record_error(invoice.pk, EventName.CANCEL_DEFERRED, error, source)
    else:
        _confirm_cancel(invoice.pk, source)


@transaction.atomic
def _open_duplicate_payment_case(invoice_id: int, source: ChangeSource) -> None:
    """Open a case if another invoice has paid the order.

    SEQR reverses a payment that was not queried, but keeps one that was queried by a process
    killed before it stored the answer.
    """
    invoice = lock_invoice(invoice_id)
    if paid_by_another(invoice):
        open_case(CaseKind.DUPLICATE_PAYMENT, source, PAID_TOO, invoice=invoice)


def _is_superseded(invoice: Invoice) -> bool:
    """Return whether another invoice still pays the order; its payment may have been reversed."""
    return invoice.cancel_reason == CancelReason.SUPERSEDED and paid_by_another(invoice)


def _refresh_unless_superseded(invoice: Invoice, source: ChangeSource) -> None:
    if _is_superseded(invoice):
        return  # a query would accept a second payment of the order
    try:
        refresh_invoice(invoice.pk, source)
    except SeqrError as error:
        _record_error(invoice.pk, EventName.CANCEL_DEFERRED, error, source)


@transaction.atomic
def _confirm_cancel(invoice_id: int, source: ChangeSource) -> None:
    invoice = lock_invoice(invoice_id)
    if invoice.is_open:
        transition_invoice(invoice, unpaid_final_status(invoice.cancel_reason), source)


@transaction.atomic
def _end_unsent(invoice_id: int, source: ChangeSource) -> None:
    """End an invoice without a reference, unless its sender may still be waiting for one."""
    invoice = lock_invoice(invoice_id)
    if not invoice.is_open or invoice.invoice_reference is not None:
        return
    if LEASE.has_lapsed(invoice, database_now()):
        save_fields(invoice, **LEASE.released())
        transition_invoice(
            invoice, unpaid_final_status(invoice.cancel_reason), source, detail="never sent"
        )


@transaction.atomic
def _record_error(
    invoice_id: int, event: EventName, error: SeqrError, source: ChangeSource
) -> None:
    record_event_once(lock_invoice(invoice_id), event, source, detail=str(error))
