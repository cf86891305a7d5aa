"""Duplicate payments: SEQR has a payment of an invoice whose order another invoice has paid.

SEQR returns a payment that nobody queries within 20 s, so such an invoice is not queried at first.
If SEQR has kept the payment, its reference is stored with the status DUPLICATE, so that it can be
refunded and reconciled. It pays the order if the other payment is reversed.
"""

from datetime import timedelta

from django.db import transaction

from orders.audit import ChangeSource, record_event_once
from orders.clock import SAVED_NOW, database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.cases.cases import close_cases_of, open_case
from payments.invoices.payment import open_amount_case, open_reference_case, payment_fields
from payments.invoices.status_query import StatusResult
from payments.invoices.transitions import lock_invoice, order_paid_by_another, transition_invoice
from payments.models import (
    RESERVING_REFUND_STATUSES,
    UNPAID_FINAL_STATUSES,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    Refund,
)

KEPT_AFTER = timedelta(seconds=60)  # SEQR returns a payment that is not queried after 20 s
PAYS_ORDER_NOW = "It pays the order, whose other payment SEQR has reversed"
DUPLICATE_PAYMENT_FOUND = "SEQR has a payment of this invoice too"
REFUSED_AS_PAID = "SEQR has a payment of this invoice too, and refuses to cancel it (50)"


def apply_after_other_payment(invoice: Invoice, result: StatusResult, source: ChangeSource) -> bool:
    """Apply a result about a locked invoice whose order another invoice has paid.

    Returns whether anything was changed or recorded.
    """
    is_new = record_event_once(
        invoice, EventName.ANSWER_AFTER_ORDER_WAS_PAID, source, detail=result.status
    )
    if result.status == InvoiceStatus.PAID:
        transition_invoice(
            invoice, InvoiceStatus.DUPLICATE, source, **payment_fields(result, SAVED_NOW)
        )
        # A case that was closed before was about a payment that SEQR might still return.
        open_case(
            CaseKind.DUPLICATE_PAYMENT,
            source,
            DUPLICATE_PAYMENT_FOUND,
            invoice=invoice,
            is_new_problem=True,
        )
        open_reference_case(invoice, source)
        return True
    if result.case is not None:
        open_case(CaseKind.DUPLICATE_PAYMENT, source, result.detail, invoice=invoice)
    elif result.status in UNPAID_FINAL_STATUSES:
        close_duplicate_cases(invoice, source, f"SEQR has no payment of it: {result.status}")
    return is_new


def record_refused_as_paid(invoice_id: int, source: ChangeSource) -> None:
    """Open a case if SEQR refuses to cancel an invoice whose order another one has paid.

    SEQR reverses a payment that was not queried, but keeps one that was queried by a process
    killed before it stored the answer.
    """
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        if not order_paid_by_another(invoice):
            return
        open_case(CaseKind.DUPLICATE_PAYMENT, source, REFUSED_AS_PAID, invoice=invoice)
        if invoice.refused_as_paid_at is None:
            save_fields(invoice, refused_as_paid_at=SAVED_NOW)


def was_kept(invoice: Invoice) -> bool:
    """Return whether SEQR still has a payment that nobody queried for longer than it waits.

    A query then accepts nothing that SEQR would have returned.
    """
    refused_at = invoice.refused_as_paid_at
    return refused_at is not None and database_now() - refused_at > KEPT_AFTER


def may_be_checked(invoice: Invoice) -> bool:
    """Return whether staff may query a possible duplicate payment: its case is old enough."""
    return MoneyCase.objects.filter(
        invoice=invoice,
        kind=CaseKind.DUPLICATE_PAYMENT,
        opened_at__lt=database_now() - KEPT_AFTER,
    ).exists()


def pay_order_by_duplicate(reversed_invoice: Invoice, source: ChangeSource) -> None:
    """Let a duplicate payment pay the order of a locked invoice that was reversed.

    Does nothing if the duplicate is being refunded.
    """
    order = reversed_invoice.order
    duplicates = Invoice.objects.filter(order=order, status=InvoiceStatus.DUPLICATE)
    for duplicate in duplicates.order_by("pk").select_for_update(no_key=True):
        refunds = Refund.objects.filter(invoice=duplicate, status__in=RESERVING_REFUND_STATUSES)
        if not refunds.exists():
            duplicate.order = order
            transition_invoice(duplicate, InvoiceStatus.PAID, source)
            close_duplicate_cases(duplicate, source, PAYS_ORDER_NOW)
            open_amount_case(duplicate, source)
            return


def close_duplicate_cases(invoice: Invoice, source: ChangeSource, reason: str) -> None:
    """Close the open case about an invoice's duplicate payment."""
    close_cases_of(invoice, (CaseKind.DUPLICATE_PAYMENT,), source, reason)
