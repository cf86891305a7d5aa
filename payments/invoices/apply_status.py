"""Applies SEQR's status to an invoice, under the locks of its order and itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from orders.audit import ChangeSource, record_retry
from orders.clock import SAVED_NOW
from orders.models import EventName
from orders.state_machine import save_fields
from payments.balance import update_order_refund_state
from payments.call_audit import record_call
from payments.cases.cases import close_cases_of, open_case
from payments.invoices.discounts import confirm_discount
from payments.invoices.duplicate import (
    apply_after_other_payment,
    close_duplicate_cases,
    pay_order_by_duplicate,
)
from payments.invoices.end_unpaid import end_unpaid
from payments.invoices.payment import (
    mismatch_of,
    open_amount_case,
    open_reference_case,
    payment_fields,
)
from payments.invoices.status_query import STILL_OPEN, StatusQuery, StatusResult
from payments.invoices.transitions import (
    TABLE,
    lock_invoice,
    order_paid_by_another,
    transition_invoice,
    unpaid_final_status,
)
from payments.models import (
    CAPTURED_STATUSES,
    OPEN_STATUSES,
    UNPAID_FINAL_STATUSES,
    CancelReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
)

# SEQR reverses a payment after 20 s without a query; this leaves a margin.
REVERSAL_SUSPECTED_AFTER = timedelta(seconds=15)
PAID_BEFORE_CANCEL = "The payment was made before the invoice could be cancelled"
CONFIRMED_AGAIN = "SEQR confirms the payment again"
STATUS_CASES = (
    CaseKind.UNKNOWN_STATUS,
    CaseKind.UNKNOWN_AT_SEQR,
    CaseKind.PAID_WITHOUT_REFERENCE,
)
# A payment of the invoice resolves these, however it was found.
UNPAID_CASES = (
    *STATUS_CASES,
    CaseKind.CANCEL_STUCK,
    CaseKind.PARTIAL_PAYMENT,
    CaseKind.DUPLICATE_PAYMENT,
)


def apply_status(
    query: StatusQuery, result: StatusResult, source: ChangeSource, *, silence: timedelta
) -> bool:
    """Apply a result and record its call; return whether anything changed.

    A result older than the stored version is dropped, and one about another invoice opens a case.
    `silence` is the time since the answer before: a payment that ended after a long silence was
    possibly reversed.
    """
    try:
        return _apply_locked(query, result, source, silence)
    except IntegrityError:
        if not _open_case_of_foreign_payment(query.invoice_id, result, source):
            raise
        return True


@transaction.atomic
def _apply_locked(
    query: StatusQuery, result: StatusResult, source: ChangeSource, silence: timedelta
) -> bool:
    invoice = lock_invoice(query.invoice_id)
    changes = _apply(invoice, query, result, source, silence)
    if changes and result.call is not None:
        record_call(result.call, invoice.order_id, source)
    return changes


@transaction.atomic
def _open_case_of_foreign_payment(
    invoice_id: int, result: StatusResult, source: ChangeSource
) -> bool:
    """Open a case if another invoice has the payment reference of a result; return whether so."""
    invoice = lock_invoice(invoice_id)
    owners = Invoice.objects.filter(ers_reference=result.ers_reference).exclude(pk=invoice_id)
    owner = owners.select_related("order").first() if result.ers_reference else None
    if owner is None:
        return False
    number = owner.client_invoice_id
    summary = f"SEQR answered with the payment reference {result.ers_reference} of invoice {number}"
    open_case(CaseKind.ANSWER_MISMATCH, source, summary, invoice=invoice)
    return True


def _apply(
    invoice: Invoice,
    query: StatusQuery,
    result: StatusResult,
    source: ChangeSource,
    silence: timedelta,
) -> bool:
    mismatch = mismatch_of(invoice, result)
    if mismatch:
        case = open_case(CaseKind.ANSWER_MISMATCH, source, mismatch, invoice=invoice)
        return case is not None
    if result.version < invoice.invoice_version:
        return False
    is_captured = invoice.status in CAPTURED_STATUSES
    if not is_captured and order_paid_by_another(invoice):
        return apply_after_other_payment(invoice, result, source)
    is_newer = result.version != invoice.invoice_version
    from_state = invoice.status
    if is_captured:
        follows = _apply_to_captured(invoice, result, source)
    else:
        follows = _apply_to_unpaid(invoice, result, source, silence)
    if is_newer and invoice.status == from_state:  # else saved with the new status
        save_fields(invoice, invoice_version=result.version)
    acknowledges = (
        query.status == result.status == invoice.status == InvoiceStatus.PAID
        and invoice.acknowledged_at is None
    )
    if acknowledges:
        save_fields(invoice, acknowledged_at=SAVED_NOW)
    return is_newer or follows or acknowledges


def _apply_to_captured(invoice: Invoice, result: StatusResult, source: ChangeSource) -> bool:
    """Apply a result about a paid invoice; return whether anything was changed or recorded.

    Only PAID confirms the payment. Any answer but a final one leaves the invoice paid, with a case,
    and unacknowledged, so that it is polled until SEQR confirms the payment again.
    """
    to = result.status
    if to == InvoiceStatus.PAID:
        return close_cases_of(invoice, (CaseKind.PAYMENT_UNCONFIRMED,), source, CONFIRMED_AGAIN)
    if to not in UNPAID_FINAL_STATUSES:
        detail = result.detail or to
        summary = f"SEQR had confirmed the payment, and now answers: {detail}"
        open_case(CaseKind.PAYMENT_UNCONFIRMED, source, summary, invoice=invoice)
        if invoice.acknowledged_at is not None:
            save_fields(invoice, acknowledged_at=None)
        return record_retry(invoice, EventName.UNEXPECTED_STATUS, source, detail=detail)
    if invoice.status == InvoiceStatus.DUPLICATE:
        transition_invoice(invoice, to, source, invoice_version=result.version)
        close_duplicate_cases(invoice, source, f"SEQR has reversed the payment: {to}")
        return True
    end_unpaid(invoice, to, source, is_possibly_reversed=True, invoice_version=result.version)
    pay_order_by_duplicate(invoice, source)
    return True


def _apply_to_unpaid(
    invoice: Invoice, result: StatusResult, source: ChangeSource, silence: timedelta
) -> bool:
    """Change the status as the result says; return whether anything was changed or recorded."""
    to = result.status
    if result.case is not None:
        recorded = open_case(result.case, source, result.detail, invoice=invoice) is not None
    else:
        resolved = UNPAID_CASES if to == InvoiceStatus.PAID else STATUS_CASES
        recorded = close_cases_of(invoice, resolved, source, f"SEQR now answers {to}")
    if to == InvoiceStatus.PAID:
        _apply_payment(invoice, result, source)
        return True
    if to == InvoiceStatus.PARTIALLY_PAID and not invoice.partially_paid:
        save_fields(invoice, partially_paid=True)
        recorded = True
    if invoice.cancel_reason:
        if to in STILL_OPEN:
            to = InvoiceStatus.CANCEL_PENDING
        elif to == InvoiceStatus.CANCELED:
            to = unpaid_final_status(invoice.cancel_reason)
    if to == invoice.status:
        return recorded
    if to not in TABLE[InvoiceStatus(invoice.status)]:
        return (
            record_retry(invoice, EventName.UNEXPECTED_STATUS, source, detail=result.status)
            or recorded
        )
    version = result.version
    if to in UNPAID_FINAL_STATUSES:
        # A requested cancel does not rule a reversal out: no payment may have been seen.
        is_reversed = silence >= REVERSAL_SUSPECTED_AFTER
        end_unpaid(invoice, to, source, is_possibly_reversed=is_reversed, invoice_version=version)
    else:
        transition_invoice(invoice, to, source, detail=result.detail, invoice_version=version)
    return True


def _apply_payment(invoice: Invoice, result: StatusResult, source: ChangeSource) -> None:
    assert result.paid is not None
    was_unwanted = invoice.cancel_reason or invoice.status in UNPAID_FINAL_STATUSES
    receipt = result.paid.receipt
    confirm_discount(invoice, receipt.total_amount if receipt else None, source)
    transition_invoice(invoice, InvoiceStatus.PAID, source, **payment_fields(result, SAVED_NOW))
    update_order_refund_state(invoice, source)  # refunds from before a reversal
    if was_unwanted:
        open_case(CaseKind.PAID_THOUGH_CANCELED, source, PAID_BEFORE_CANCEL, invoice=invoice)
    open_amount_case(invoice, source)
    open_reference_case(invoice, source)
    _supersede_other_invoices(invoice, source)


def _supersede_other_invoices(paid: Invoice, source: ChangeSource) -> None:
    """Request the cancel of every other open invoice; the order's lock covers them all."""
    others = Invoice.objects.filter(order=paid.order, status__in=OPEN_STATUSES)
    for other in others.select_for_update(no_key=True):
        other.order = paid.order
        to = InvoiceStatus.CANCEL_PENDING
        if other.status == InvoiceStatus.CREATED:
            to = InvoiceStatus.CANCELED
        superseded: dict[str, Any] = {
            "cancel_reason": CancelReason.SUPERSEDED,
            "cancel_requested_at": paid.paid_at,
        }
        if other.status != InvoiceStatus.CANCEL_PENDING:
            transition_invoice(other, to, source, **superseded)
        else:
            save_fields(other, **superseded)
