"""cancelInvoice: one path for the customer, the staff and the end of an invoice's lifetime.

The request is stored first. Then the status is queried, the invoice cancelled at SEQR, and the
answer applied. An invoice has ended when SEQR has confirmed it, or if it never had a reference. A
cancel that SEQR does not confirm is repeated with back-off, and opens a case; staff who close it
end the invoice.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from orders.audit import ChangeSource, record_retry
from orders.clock import SAVED_NOW, database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.call_audit import retrying_client
from payments.cases.cases import open_case
from payments.invoices.duplicate import record_refused_as_paid, was_kept
from payments.invoices.end_unpaid import end_unpaid, end_without_confirmation
from payments.invoices.refresh import query_and_acknowledge, query_and_apply, refresh_invoice
from payments.invoices.status_query import StatusResult
from payments.invoices.transitions import (
    lock_invoice,
    paid_by_another,
    transition_invoice,
    unpaid_final_status,
)
from payments.leases import LEASE, Lease, proportional_pause
from payments.models import (
    OPEN_STATUSES,
    CancelReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MoneyCase,
)
from payments.seqr import ResultCode, SeqrConflict, SeqrError, SeqrRejected

CANCEL_LEASE = Lease("cancel_lease_until")
MIN_RETRY_PAUSE = timedelta(seconds=5)
MAX_RETRY_PAUSE = timedelta(minutes=1)
# From the request, until a case is opened. An outage ends by itself, a refusal may not.
REFUSED_STUCK_AFTER = timedelta(minutes=10)
UNANSWERED_STUCK_AFTER = timedelta(hours=1)
UNKNOWN_AT_SEQR = "SEQR does not know this invoice (54)"
# SEQR's refusals after which the invoice cannot be paid.
UNPAYABLE_RESULT_CODES = (
    ResultCode.INVALID_INVOICE_REFERENCE,
    ResultCode.PAYMENT_ALREADY_CANCELLED,
    ResultCode.PAYMENT_EXPIRED,
)


class AlreadyPaid(Exception):
    """The invoice is paid and cannot be cancelled; it can be refunded."""


def cancel_invoice(invoice_id: int, reason: CancelReason, source: ChangeSource) -> Invoice:
    """Request the cancel of an invoice, try it at once, and return the invoice.

    It may still be CANCEL_PENDING, if SEQR did not answer or a payment is in progress: recovery
    tries again. Raises AlreadyPaid, and Invoice.DoesNotExist.
    """
    request_cancel(invoice_id, reason, source)
    finish_cancel(invoice_id, source)
    invoice = Invoice.objects.select_related("order").get(pk=invoice_id)
    if invoice.status == InvoiceStatus.PAID:
        raise AlreadyPaid
    return invoice


@transaction.atomic
def request_cancel(invoice_id: int, reason: CancelReason, source: ChangeSource) -> None:
    """Request the cancel of an invoice, and leave the call of SEQR to recovery.

    Raises AlreadyPaid, and Invoice.DoesNotExist.
    """
    invoice = lock_invoice(invoice_id)
    if invoice.status == InvoiceStatus.PAID:
        raise AlreadyPaid
    if not invoice.is_open or invoice.cancel_reason:
        return
    requested: dict[str, Any] = {"cancel_reason": reason, "cancel_requested_at": SAVED_NOW}
    if invoice.status == InvoiceStatus.CREATED:
        transition_invoice(invoice, unpaid_final_status(reason), source, **requested)
    else:
        transition_invoice(invoice, InvoiceStatus.CANCEL_PENDING, source, **requested)


def finish_cancel(invoice_id: int, source: ChangeSource) -> None:
    """Finish a requested cancel, as far as SEQR answers now; else do nothing."""
    invoice = Invoice.objects.get(pk=invoice_id)
    if not invoice.is_open or not invoice.cancel_reason:
        return
    if invoice.invoice_reference is None:
        _end_unsent(invoice_id, source)
        return
    answer = None
    if not _is_superseded(invoice):
        # Query first: after a refused cancel of a paid invoice, nobody would query the payment.
        try:
            answer = query_and_acknowledge(invoice_id, source)
        except SeqrError as error:
            is_paid = _was_paid_without_reference(invoice_id)
            _defer(invoice_id, EventName.CANCEL_DEFERRED, error, source, is_paid=is_paid)
            return
        if not Invoice.objects.filter(pk=invoice_id, status__in=OPEN_STATUSES).exists():
            return
    _cancel_at_seqr(invoice, answer, source)


def _cancel_at_seqr(invoice: Invoice, answer: StatusResult | None, source: ChangeSource) -> None:
    """Cancel an invoice at SEQR, which has just given this answer about its status."""
    assert invoice.invoice_reference is not None
    is_unknown = answer is not None and answer.case == CaseKind.UNKNOWN_AT_SEQR
    is_paid = _says_paid(answer)
    try:
        client = retrying_client(invoice.terminal_id, invoice.order_id, source)
        client.cancel_invoice(invoice.invoice_reference)
    except SeqrConflict as error:
        if error.result_code == ResultCode.INVOICE_ALREADY_CANCELED:
            _confirm_cancel(invoice.pk, source)
        elif error.result_code == ResultCode.CANNOT_CANCEL_PAID_INVOICE:
            record_refused_as_paid(invoice.pk, source)
            _refresh_after_refusal(invoice, error, source, is_paid=True)
        else:
            _defer(invoice.pk, EventName.CANCEL_REFUSED, error, source, is_paid=is_paid)
    except SeqrRejected as error:
        if is_unknown and error.result_code == ResultCode.INVALID_INVOICE_REFERENCE:
            _confirm_cancel(invoice.pk, source, detail=UNKNOWN_AT_SEQR)
        elif _is_superseded(invoice) and error.result_code in UNPAYABLE_RESULT_CODES:
            _confirm_cancel(invoice.pk, source)  # for other reasons, a query finds the end
        else:
            _refresh_after_refusal(invoice, error, source, is_paid=is_paid)
    except SeqrError as error:
        _defer(invoice.pk, EventName.CANCEL_DEFERRED, error, source, is_paid=is_paid)
    else:
        _confirm_cancel(invoice.pk, source)


def _is_superseded(invoice: Invoice) -> bool:
    """Return whether another invoice still pays the order; its payment may have been reversed."""
    return invoice.cancel_reason == CancelReason.SUPERSEDED and paid_by_another(invoice)


def _says_paid(answer: StatusResult | None) -> bool:
    """Return whether SEQR answers PAID; for an open invoice, the answer was not accepted."""
    return answer is not None and (
        answer.status == InvoiceStatus.PAID or answer.case == CaseKind.PAID_WITHOUT_REFERENCE
    )


def _was_paid_without_reference(invoice_id: int) -> bool:
    """Return whether SEQR's last answer was PAID without a reference. Another one closes the case
    without a person.
    """
    cases = MoneyCase.objects.filter(invoice=invoice_id, kind=CaseKind.PAID_WITHOUT_REFERENCE)
    return cases.filter(Q(closed_at=None) | Q(closed_by__isnull=False)).exists()


def _refresh_after_refusal(
    invoice: Invoice, error: SeqrError, source: ChangeSource, *, is_paid: bool
) -> None:
    """Query the status after a refused cancel, unless that would accept a duplicate payment."""
    _record(invoice.pk, EventName.CANCEL_REFUSED, error, source)
    try:
        if not _is_superseded(invoice):
            refresh_invoice(invoice.pk, source)
        elif was_kept(Invoice.objects.get(pk=invoice.pk)):
            query_and_apply(Invoice.objects.get(pk=invoice.pk), source, may_be_duplicate=True)
    except SeqrError as failure:
        error = failure
    _defer(invoice.pk, EventName.CANCEL_REFUSED, error, source, is_paid=is_paid)


@transaction.atomic
def _confirm_cancel(invoice_id: int, source: ChangeSource, *, detail: str = "") -> None:
    invoice = lock_invoice(invoice_id)
    if invoice.is_open:
        end_unpaid(invoice, unpaid_final_status(invoice.cancel_reason), source, detail=detail)


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
def _record(invoice_id: int, event: EventName, error: SeqrError, source: ChangeSource) -> None:
    record_retry(lock_invoice(invoice_id), event, source, detail=str(error))


@transaction.atomic
def _defer(
    invoice_id: int, event: EventName, error: SeqrError, source: ChangeSource, *, is_paid: bool
) -> None:
    """Let recovery repeat a cancel that SEQR has not confirmed, later each time.

    A case is opened after a while. An invoice whose case staff have closed is ended at once; if
    it `is_paid` at SEQR, another case is opened.
    """
    invoice = lock_invoice(invoice_id)
    if not invoice.is_open:
        return
    record_retry(invoice, event, source, detail=str(error))
    if invoice.cancel_reason == CancelReason.CASE_CLOSED:
        end_without_confirmation(invoice, source, str(error), is_paid=is_paid)
        return
    waited = database_now() - (invoice.cancel_requested_at or invoice.created_at)
    pause = proportional_pause(waited, MIN_RETRY_PAUSE, MAX_RETRY_PAUSE)
    save_fields(invoice, **CANCEL_LEASE.deferred(pause))
    is_refused = isinstance(error, SeqrRejected | SeqrConflict)
    if waited >= (REFUSED_STUCK_AFTER if is_refused else UNANSWERED_STUCK_AFTER):
        summary = f"SEQR does not confirm the cancel: {error}".rstrip(".")
        open_case(CaseKind.CANCEL_STUCK, source, summary, invoice=invoice)
