"""Ends the invoice, and resumes the order, whose case a person has closed."""

from typing import Any

from django.db import transaction

from orders.audit import ChangeSource
from orders.clock import SAVED_NOW
from orders.models import Order, OrderState
from orders.state_machine import save_fields
from orders.transitions import lock_order, transition_order
from payments.balance import update_order_refund_state
from payments.cases.cases import close_case
from payments.invoices.cancel import CANCEL_LEASE
from payments.invoices.end_unpaid import end_without_confirmation
from payments.invoices.transitions import lock_invoice, order_paid_by_another, transition_invoice
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, MoneyCase

# Open cases of these kinds keep an order in NEEDS_ATTENTION after its invoice has ended.
BLOCKING_CASE_KINDS = (CaseKind.AMOUNT_DIFFERS, CaseKind.POSSIBLY_REVERSED)
# Closing a case of these kinds ends its invoice, if that needs attention or cannot be cancelled.
ENDING_CASE_KINDS = (
    CaseKind.UNKNOWN_STATUS,
    CaseKind.UNKNOWN_AT_SEQR,
    CaseKind.PAID_WITHOUT_REFERENCE,
    CaseKind.ANSWER_MISMATCH,
    CaseKind.CANCEL_STUCK,
)


@transaction.atomic
def resolve_case(case_id: int, source: ChangeSource, reason: str) -> bool:
    """Close a case for a person, and resume its order; return whether the case was open.

    The order becomes paid or refunded if an invoice has paid it; else cancelled, so that its
    customer can pay again or order anew. An open invoice that SEQR does not end is cancelled once
    more, and then ended even without SEQR's confirmation; the caller enqueues `finish_cancel`.
    Raises ValueError without a reason.
    """
    case = MoneyCase.objects.get(pk=case_id)
    if case.order_id is not None:
        lock_order(case.order_id)
    if not close_case(case_id, source, reason):
        return False
    if case.kind in ENDING_CASE_KINDS and case.invoice_id is not None:
        _end_invoice(lock_invoice(case.invoice_id), source)
    if case.order_id is not None:
        _resume_order(lock_order(case.order_id), source)
    return True


def _end_invoice(invoice: Invoice, source: ChangeSource) -> None:
    """Let `finish_cancel` end an invoice; an invoice of a paid order ends at once.

    Its query would accept a duplicate payment.
    """
    if invoice.status not in (InvoiceStatus.NEEDS_ATTENTION, InvoiceStatus.CANCEL_PENDING):
        return
    if order_paid_by_another(invoice):
        end_without_confirmation(invoice, source)
        return
    requested: dict[str, Any] = {
        "cancel_reason": CancelReason.CASE_CLOSED,
        "cancel_requested_at": SAVED_NOW,
        **CANCEL_LEASE.released(),
    }
    if invoice.status == InvoiceStatus.CANCEL_PENDING:
        save_fields(invoice, **requested)
    else:
        transition_invoice(invoice, InvoiceStatus.CANCEL_PENDING, source, **requested)


def _resume_order(order: Order, source: ChangeSource) -> None:
    if order.state != OrderState.NEEDS_ATTENTION:
        return
    if MoneyCase.objects.filter(order=order, kind__in=BLOCKING_CASE_KINDS, closed_at=None).exists():
        return
    invoices = list(Invoice.objects.filter(order=order))
    paid = next((each for each in invoices if each.status == InvoiceStatus.PAID), None)
    if paid is None:
        if not any(invoice.is_open for invoice in invoices):  # else its end decides
            transition_order(order, OrderState.CANCELED, source)
        return
    invoice = lock_invoice(paid.pk)
    transition_order(invoice.order, invoice.order.progress, source)
    update_order_refund_state(invoice, source)
