"""Queries one invoice's status and applies the result, or records the failure."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, Q

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.compiled_query import CompiledQuery, Parameter
from orders.state_machine import save_fields
from payments.availability.pause import pause_payments
from payments.call_audit import record_call, record_failed_poll
from payments.cases.cases import open_case
from payments.invoices.apply_payments import apply_payments
from payments.invoices.apply_status import apply_status
from payments.invoices.apply_unchanged import apply_unchanged_batch
from payments.invoices.status_query import (
    StatusQuery,
    StatusResult,
    query_status,
    status_query_for,
)
from payments.invoices.transitions import lock_invoice, order_paid_by_another
from payments.models import (
    CAPTURED_STATUSES,
    UNPAID_FINAL_STATUSES,
    AnswerTimes,
    CaseKind,
    Invoice,
    InvoiceStatus,
    answer_times_column,
    answer_times_in_column,
    read_answer_times,
)
from payments.seqr import SeqrConfigurationError, SeqrError

POSSIBLE_DUPLICATE_PAYMENT = "A query about this ended invoice may have accepted a second payment"

_INVOICE = CompiledQuery(
    lambda: (
        Invoice.objects.select_related("order", "terminal__seller")
        .annotate(answer_times=answer_times_column())
        .filter(pk=Parameter("id", BigIntegerField()))
    )
)


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
    invoice, times = _read(invoice_id)
    was_paid = invoice.status == InvoiceStatus.PAID
    result = query_and_apply(invoice, source, times=times)
    if result is None or result.status != InvoiceStatus.PAID:
        return result
    if was_paid or invoice.status != InvoiceStatus.PAID:  # else it has just been paid
        invoice, times = _read(invoice_id)
    if invoice.status == InvoiceStatus.PAID and invoice.acknowledged_at is None:
        with suppress(SeqrError):  # the payment is stored; the poller repeats the rest
            query_and_apply(invoice, source, times=times)
    return result


def _read(invoice_id: int) -> tuple[Invoice, AnswerTimes]:
    """Read an invoice with its order, its terminal and the seller, and the times of its answers."""
    invoice: Any = _INVOICE.get(id=invoice_id)
    return invoice, answer_times_in_column(invoice.answer_times)


def query_and_apply(
    invoice: Invoice,
    source: ChangeSource,
    *,
    may_be_duplicate: bool = False,
    times: AnswerTimes | None = None,
) -> StatusResult | None:
    """Query an invoice's status once, apply the result, and return it.

    An ordinary payment is set in `invoice` too. Returns None if it must not or cannot be queried:
    an invoice whose order another one has paid is queried only if it `may_be_duplicate`. `times`
    are those read with the invoice; without them they are read now. Raises the gateway's errors.
    """
    query = status_query_for(invoice, may_be_duplicate=may_be_duplicate)
    if query is None:
        return None
    awaited_since = _mark_late_query(invoice)
    answered_before = last_answer_at(invoice, times)
    record_failure = partial(record_failed_poll, order_id=invoice.order_id, source=source)
    try:
        result = query_status(query, invoice.terminal, on_failure=record_failure)
    except SeqrConfigurationError as error:
        with transaction.atomic():
            pause_payments(invoice, error, source)
        raise
    needs_write = result.needs_write(query)
    recorded = needs_write and _apply(invoice, query, result, source, answered_before)
    if not recorded and source.is_person and result.call is not None:
        record_call(result.call, invoice.order_id, source)
    if awaited_since is not None and not _is_unrecorded_payment(invoice.pk, result):
        _clear_late_query(invoice.pk, awaited_since)
    return result


def _apply(
    invoice: Invoice,
    query: StatusQuery,
    result: StatusResult,
    source: ChangeSource,
    answered_before: datetime | None,
) -> bool:
    """Apply a result as the poller does, by the shortest way; return whether anything changed."""
    if result.status == InvoiceStatus.PAID:
        if query.status == InvoiceStatus.PAID and apply_unchanged_batch([(query, result)], source):
            return True
        if query.status == InvoiceStatus.ISSUED and _apply_ordinary(query, result, source):
            invoice.status, invoice.invoice_version = InvoiceStatus.PAID, result.version
            return True
    silence = timedelta(0) if answered_before is None else database_now() - answered_before
    return apply_status(query, result, source, silence=silence)


def _apply_ordinary(query: StatusQuery, result: StatusResult, source: ChangeSource) -> bool:
    """Apply a payment if it is an ordinary one; return whether it was."""
    try:
        return bool(apply_payments([(query, result)], source))
    except IntegrityError:  # another invoice has its reference: `apply_status` opens a case
        return False


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
        if order_paid_by_another(invoice):
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


def last_answer_at(invoice: Invoice, times: AnswerTimes | None = None) -> datetime | None:
    """Return the latest time at which SEQR surely answered about an invoice.

    By its shard's row, or by its issue: before that it could not be paid. None for a payment that
    SEQR has confirmed, whose end is a reversal after any time.
    """
    if invoice.status in CAPTURED_STATUSES:
        return None
    assert invoice.issued_at is not None  # it has a reference
    times = read_answer_times() if times is None else times
    return times.last_answer_at(invoice.pk, invoice.terminal_id, invoice.issued_at)
