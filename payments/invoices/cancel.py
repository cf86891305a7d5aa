"""cancelInvoice: one path for the customer, the staff and the end of an invoice's lifetime.

First it is written that a cancel is wanted; then SEQR is asked, told, and listened to. An invoice
is dead when SEQR has said so, or when it never had a reference that anybody could pay.
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

# SEQR's refusals that say that nobody can pay it, or any more.
DEAD_AT_SEQR = (
    ResultCode.INVALID_INVOICE_REFERENCE,
    ResultCode.PAYMENT_ALREADY_CANCELLED,
    ResultCode.PAYMENT_EXPIRED,
)
PAID_TOO = "SEQR has a payment of this invoice too, and will not cancel it (50)"


class AlreadyPaid(Exception):
    """The invoice is paid, so it cannot be cancelled; money goes back by a refund."""


def cancel_invoice(invoice_id: int, reason: CancelReason, source: ChangeSource) -> Invoice:
    """Want an invoice cancelled, try at once, and return it as it then stands.

    It may still be CANCEL_PENDING (SEQR did not answer, or a payment is under way): the sweep
    tries again. Raises AlreadyPaid, and Invoice.DoesNotExist.
    """
    _want_cancel(invoice_id, reason, source)
    finish_cancel(invoice_id, source)
    invoice = Invoice.objects.select_related("order").get(pk=invoice_id)
    if invoice.status == InvoiceStatus.PAID:
        raise AlreadyPaid
    return invoice


@transaction.atomic
def _want_cancel(invoice_id: int, reason: CancelReason, source: ChangeSource) -> None:
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
    """Bring a wanted cancel to its end, as far as SEQR answers now. Else do nothing."""
    invoice = Invoice.objects.get(pk=invoice_id)
    if not invoice.is_open or not invoice.cancel_reason:
        return
    if invoice.invoice_reference is None:
        _end_unsent(invoice_id, source)
        return
    if not _is_superseded(invoice):
        # Ask first: were it paid, a refused cancel alone would leave the payment unasked.
        try:
            status = refresh_invoice(invoice_id, source)
        except SeqrError as error:
            _note(invoice_id, EventName.CANCEL_DEFERRED, error, source)
            return
        if status not in OPEN_STATUSES:
            return
    _tell_seqr(invoice, source)


def _tell_seqr(invoice: Invoice, source: ChangeSource) -> None:
    assert invoice.invoice_reference is not None
    try:
        audited_client(invoice.order_id, source).cancel_invoice(invoice.invoice_reference)
    except SeqrConflict as error:
        if error.result_code == ResultCode.INVOICE_ALREADY_CANCELED:
            _confirm(invoice.pk, source)
            return
        _note(invoice.pk, EventName.CANCEL_REFUSED, error, source)
        if error.result_code == ResultCode.CANNOT_CANCEL_PAID_INVOICE:
            _tell_of_a_second_payment(invoice.pk, source)
            _ask_again(invoice, source)
    except SeqrRejected as error:
        _note(invoice.pk, EventName.CANCEL_REFUSED, error, source)
        if invoice.cancel_reason == CancelReason.SUPERSEDED and error.result_code in DEAD_AT_SEQR:
            _confirm(invoice.pk, source)  # which asking would tell of any other
        else:
            _ask_again(invoice, source)
    except SeqrError as error:
        _note(invoice.pk, EventName.CANCEL_DEFERRED, error, source)
    else:
        _confirm(invoice.pk, source)


@transaction.atomic
def _tell_of_a_second_payment(invoice_id: int, source: ChangeSource) -> None:
    """Open a case where another invoice has paid the order. Nobody else may ever hear of this one.

    SEQR returns a payment that nobody has asked about, but keeps it where somebody has, and was
    killed before the answer was written.
    """
    invoice = lock_invoice(invoice_id)
    if paid_by_another(invoice):
        open_case(CaseKind.SECOND_PAYMENT, source, PAID_TOO, invoice=invoice)


def _is_superseded(invoice: Invoice) -> bool:
    """Whether another invoice pays the order still: SEQR may have taken that payment back."""
    return invoice.cancel_reason == CancelReason.SUPERSEDED and paid_by_another(invoice)


def _ask_again(invoice: Invoice, source: ChangeSource) -> None:
    if _is_superseded(invoice):
        return  # asking would accept a second payment of the same order
    try:
        refresh_invoice(invoice.pk, source)
    except SeqrError as error:
        _note(invoice.pk, EventName.CANCEL_DEFERRED, error, source)


@transaction.atomic
def _confirm(invoice_id: int, source: ChangeSource) -> None:
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
def _note(invoice_id: int, event: EventName, error: SeqrError, source: ChangeSource) -> None:
    record_event_once(lock_invoice(invoice_id), event, source, detail=str(error))
