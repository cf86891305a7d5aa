"""Queries one invoice's status and applies the result, or records the failure."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.state_machine import save_fields
from payments.availability.pause import pause_payments
from payments.call_audit import record_call, record_failed_poll
from payments.cases.cases import open_case
from payments.invoices.apply_status import apply_status
from payments.invoices.status_query import StatusResult, query_status, status_query_for
from payments.invoices.transitions import lock_invoice, paid_by_another
from payments.models import (
    CAPTURED_STATUSES,
    UNPAID_FINAL_STATUSES,
    CaseKind,
    Invoice,
    InvoiceStatus,
    read_answer_times,
)
from payments.seqr import SeqrConfigurationError, SeqrError

POSSIBLE_DUPLICATE_PAYMENT = "A query about this ended invoice may have accepted a second payment"


def refresh_invoice(invoice_id: int, source: ChangeSource) -> InvoiceStatus:
    """Query an invoice's status, apply the result, and return the status.

    After PAID, one more call with the new version acknowledges it; if that fails, the poller
    repeats it. A call without a change is recorded only if a person requested it, or if it failed
    in another way than the last one. Raises the gateway's errors, and Invoice.DoesNotExist.
    """
    query_and_acknowledge(invoice_id, source)
    return InvoiceStatus(Invoice.objects.values_list("status", flat=True).get(pk=invoice_id))


def query_and_acknowledge(invoice_id: int, source: ChangeSource) -> StatusResult | None:
    """Do what `refresh_invoice` does; return SEQR's answer, or None without a query."""
    result = query_and_apply(Invoice.objects.get(pk=invoice_id), source)
    if result is not None and _awaits_acknowledgment(invoice_id):
        with suppress(SeqrError):  # the payment is stored; the poller repeats the rest
            query_and_apply(Invoice.objects.get(pk=invoice_id), source)
    return result


def query_and_apply(
    invoice: Invoice, source: ChangeSource, *, may_be_duplicate: bool = False
) -> StatusResult | None:
    """Query an invoice's status once, apply the result, and return it.

    Returns None if it must not or cannot be queried: an invoice whose order another one has paid
    is queried only if it `may_be_duplicate`. Raises the gateway's errors.
    """
    query = status_query_for(invoice, may_be_duplicate=may_be_duplicate)
    if query is None:
        return None
    awaited_since = _mark_late_query(invoice)
    answered_before = last_answer_at(invoice)
    record_failure = partial(record_failed_poll, order_id=invoice.order_id, source=source)
    try:
        result = query_status(query, on_failure=record_failure)
    except SeqrConfigurationError as error:
        with transaction.atomic():
            pause_payments(invoice, error, source)
        raise
    needs_write = result.needs_write(query)
    silence = database_now() - answered_before
    recorded = needs_write and apply_status(query, result, source, silence=silence)
    if not recorded and source.is_person and result.call is not None:
        record_call(result.call, invoice.order_id, source)
    if awaited_since is not None and not _is_unrecorded_payment(invoice.pk, result):
        _clear_late_query(invoice.pk, awaited_since)
    return result


def repeat_late_query(invoice_id: int, source: ChangeSource) -> None:
    """Repeat the query about an ended invoice whose answer was lost, if one is pending.

    The query may have accepted a payment. If another invoice has paid the order since, a case is
    opened instead. Raises the gateway's errors.
    """
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        awaited_since = invoice.late_query_pending_since
        if awaited_since is None:
            return
        if paid_by_another(invoice):
            open_case(
                CaseKind.DUPLICATE_PAYMENT, source, POSSIBLE_DUPLICATE_PAYMENT, invoice=invoice
            )
            save_fields(invoice, late_query_pending_since=None)
            return
    if refresh_invoice(invoice_id, source) in CAPTURED_STATUSES:
        _clear_late_query(invoice_id, awaited_since)  # a query about a paid invoice leaves the mark


def _mark_late_query(invoice: Invoice) -> datetime | None:
    """Mark an ended invoice before its query, since no poller queries it again.

    If SEQR answers PAID it keeps the money; if that answer is lost, only this mark shows it.
    """
    if invoice.status not in UNPAID_FINAL_STATUSES:
        return None
    now = database_now()
    Invoice.objects.filter(pk=invoice.pk).update(late_query_pending_since=now)
    return now


def _clear_late_query(invoice_id: int, since: datetime) -> None:
    """Clear the mark, unless another query has set it again."""
    Invoice.objects.filter(pk=invoice_id, late_query_pending_since=since).update(
        late_query_pending_since=None
    )


def _is_unrecorded_payment(invoice_id: int, result: StatusResult) -> bool:
    """Return whether an answer PAID was neither applied nor left to a case about a mismatch."""
    recorded = Q(status__in=CAPTURED_STATUSES) | Q(cases__kind=CaseKind.ANSWER_MISMATCH)
    return (
        result.status == InvoiceStatus.PAID
        and not Invoice.objects.filter(recorded, pk=invoice_id).exists()
    )


def _awaits_acknowledgment(invoice_id: int) -> bool:
    return Invoice.objects.filter(
        pk=invoice_id, status=InvoiceStatus.PAID, acknowledged_at=None
    ).exists()


def last_answer_at(invoice: Invoice) -> datetime:
    """Return the latest time at which SEQR surely answered about an invoice.

    By its shard's row, or by its issue: before that it could not be paid.
    """
    assert invoice.issued_at is not None  # it has a reference
    times = read_answer_times()
    return times.last_answer_at(invoice.pk, invoice.terminal_id, invoice.issued_at)
