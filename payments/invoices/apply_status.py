"""Applies SEQR's status to an invoice, under the locks of its order and itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from orders.audit import ChangeSource, record_event, record_event_once
from orders.clock import database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.balance import update_order_refund_state
from payments.call_audit import record_call, record_calls
from payments.cases.cases import close_cases_of, open_case
from payments.invoices.discounts import confirm_discount
from payments.invoices.status_query import STILL_OPEN, StatusQuery, StatusResult
from payments.invoices.transitions import (
    TABLE,
    lock_invoice,
    paid_by_another,
    paid_differs,
    transition_invoice,
    unpaid_final_status,
)
from payments.models import (
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
AMOUNT_UNKNOWN = "SEQR's receipt has no amount, and SEQR may not know the invoice's discount"
PAYS_ORDER_NOW = "It pays the order, whose other payment SEQR has reversed"
DUPLICATE_PAYMENT_FOUND = "SEQR has a payment of this invoice too"
STATUS_CASES = (
    CaseKind.UNKNOWN_STATUS,
    CaseKind.UNKNOWN_AT_SEQR,
    CaseKind.PAID_WITHOUT_REFERENCE,
)


@transaction.atomic
def apply_status(
    query: StatusQuery, result: StatusResult, source: ChangeSource, *, silence: timedelta
) -> bool:
    """Apply a result and record its call; return whether anything changed.

    A result older than the stored version is dropped. `silence` is the time since the answer
    before: a payment that ended after a long silence was possibly reversed.
    """
    invoice = lock_invoice(query.invoice_id)
    changes = _apply(invoice, query, result, source, silence)
    if changes and result.call is not None:
        record_call(result.call, invoice.order_id, source)
    return changes


@transaction.atomic
def apply_unchanged_batch(
    results: Sequence[tuple[StatusQuery, StatusResult]], source: ChangeSource
) -> set[int]:
    """Apply unchanged results in one statement; return the ids of the updated invoices.

    Skips invoices that are locked or have changed; `apply_status` handles those. Waits for no lock.
    """
    columns = zip(
        *((q.invoice_id, result.version, result.status.value) for q, result in results), strict=True
    )
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE_UNCHANGED, [list(column) for column in columns])
        written: dict[int, int] = dict(cursor.fetchall())
    record_calls(
        [
            (result.call, written[query.invoice_id])
            for query, result in results
            if query.invoice_id in written
            and result.status == InvoiceStatus.PAID
            and result.call is not None
        ],
        source,
    )
    return set(written)


_UPDATE_UNCHANGED = """
    UPDATE payments_invoice AS invoice
    SET invoice_version = result.version,
        acknowledged_at = CASE WHEN result.status = 'PAID' THEN statement_timestamp() END
    FROM (
        SELECT id, result.version, result.status
        FROM payments_invoice
        JOIN unnest(%s::bigint[], %s::integer[], %s::text[]) AS result (id, version, status)
        USING (id)
        WHERE payments_invoice.status = result.status
          AND invoice_version <= result.version
          AND acknowledged_at IS NULL
        FOR NO KEY UPDATE OF payments_invoice SKIP LOCKED
    ) AS result
    WHERE invoice.id = result.id
    RETURNING invoice.id, invoice.order_id
"""


def _apply(
    invoice: Invoice,
    query: StatusQuery,
    result: StatusResult,
    source: ChangeSource,
    silence: timedelta,
) -> bool:
    if result.version < invoice.invoice_version:
        return False
    if invoice.status != InvoiceStatus.PAID and paid_by_another(invoice):
        return _apply_after_other_payment(invoice, result, source)
    is_newer = result.version != invoice.invoice_version
    from_state = invoice.status
    follows = _apply_transition(invoice, result, source, silence)
    if is_newer and invoice.status == from_state:  # else saved with the new status
        save_fields(invoice, invoice_version=result.version)
    acknowledges = (
        query.status == InvoiceStatus.PAID
        and invoice.status == InvoiceStatus.PAID
        and invoice.acknowledged_at is None
    )
    if acknowledges:
        save_fields(invoice, acknowledged_at=database_now())
    return is_newer or follows or acknowledges


def _apply_after_other_payment(
    invoice: Invoice, result: StatusResult, source: ChangeSource
) -> bool:
    is_new = record_event_once(
        invoice, EventName.ANSWER_AFTER_ORDER_WAS_PAID, source, detail=result.status
    )
    if result.status == InvoiceStatus.PAID:
        open_case(CaseKind.DUPLICATE_PAYMENT, source, DUPLICATE_PAYMENT_FOUND, invoice=invoice)
    return is_new


def _apply_transition(
    invoice: Invoice, result: StatusResult, source: ChangeSource, silence: timedelta
) -> bool:
    """Change the status as the result says; return whether anything was changed or recorded."""
    to = result.status
    if result.case is not None:
        recorded = open_case(result.case, source, result.detail, invoice=invoice) is not None
    else:
        recorded = close_cases_of(invoice, STATUS_CASES, source, f"SEQR now answers {to}")
    if to == InvoiceStatus.PAID:
        return _apply_payment(invoice, result, source) or recorded
    if invoice.cancel_reason and invoice.status != InvoiceStatus.PAID:
        if to in STILL_OPEN:
            to = InvoiceStatus.CANCEL_PENDING
        elif to == InvoiceStatus.CANCELED:
            to = unpaid_final_status(invoice.cancel_reason)
    if to == invoice.status:
        return recorded
    if to not in TABLE[InvoiceStatus(invoice.status)]:
        return (
            record_event_once(invoice, EventName.UNEXPECTED_STATUS, source, detail=result.status)
            or recorded
        )
    reversed_fields: dict[str, Any] = {}
    if to in UNPAID_FINAL_STATUSES and _is_possibly_reversed(invoice, silence):
        reversed_fields = {"possibly_reversed": True}
    changes: dict[str, Any] = {"invoice_version": result.version, **reversed_fields}
    transition_invoice(invoice, to, source, detail=result.detail, **changes)
    if reversed_fields:
        record_event(invoice, EventName.POSSIBLY_REVERSED, source)
        open_case(CaseKind.POSSIBLY_REVERSED, source, f"SEQR answered {to}", invoice=invoice)
    return True


def _is_possibly_reversed(invoice: Invoice, silence: timedelta) -> bool:
    """Return whether the customer may have paid and got the money back.

    A requested cancel does not rule it out: it is often requested because no payment was seen.
    """
    return invoice.status == InvoiceStatus.PAID or silence >= REVERSAL_SUSPECTED_AFTER


def _apply_payment(invoice: Invoice, result: StatusResult, source: ChangeSource) -> bool:
    assert result.paid is not None
    if invoice.status == InvoiceStatus.PAID:
        return False
    was_unwanted = invoice.cancel_reason or invoice.status in UNPAID_FINAL_STATUSES
    receipt = result.paid.receipt
    total = receipt.total_amount if receipt else None
    confirm_discount(invoice, total, source)
    transition_invoice(
        invoice,
        InvoiceStatus.PAID,
        source,
        invoice_version=result.version,
        ers_reference=result.ers_reference,
        payment_reference=(receipt.payment_reference or "") if receipt else "",
        paid_at=database_now(),
        paid_amount=total.value if total else None,
        paid_currency=total.currency if total else "",
    )
    update_order_refund_state(invoice, source)  # refunds from before a reversal
    close_cases_of(invoice, (CaseKind.DUPLICATE_PAYMENT,), source, PAYS_ORDER_NOW)
    if was_unwanted:
        open_case(CaseKind.PAID_THOUGH_CANCELED, source, PAID_BEFORE_CANCEL, invoice=invoice)
    if paid_differs(invoice):
        amount = f"SEQR's receipt says {total.value} {total.currency}" if total else AMOUNT_UNKNOWN
        open_case(CaseKind.AMOUNT_DIFFERS, source, amount, invoice=invoice)
    _supersede_other_invoices(invoice, source)
    return True


def _supersede_other_invoices(paid: Invoice, source: ChangeSource) -> None:
    """Request the cancel of every other open invoice; the order's lock covers them all."""
    others = Invoice.objects.filter(order=paid.order, status__in=OPEN_STATUSES)
    for other in others.exclude(pk=paid.pk).select_for_update(no_key=True):
        other.order = paid.order
        to = InvoiceStatus.CANCEL_PENDING
        if other.status == InvoiceStatus.CREATED:
            to = InvoiceStatus.CANCELED
        if other.status != InvoiceStatus.CANCEL_PENDING:
            transition_invoice(other, to, source, cancel_reason=CancelReason.SUPERSEDED)
        else:
            save_fields(other, cancel_reason=CancelReason.SUPERSEDED)
