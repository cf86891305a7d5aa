"""Asking SEQR about one invoice and writing what it says, or noting that no answer came."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial

from django.db import transaction

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.state_machine import save_fields
from payments.availability.pause import pause_payments
from payments.call_audit import record_call, record_failed_poll
from payments.cases.cases import open_case
from payments.invoices.apply_status import apply_status
from payments.invoices.status_query import StatusResult, ask, status_query_for
from payments.invoices.transitions import lock_invoice, paid_by_another
from payments.models import (
    UNPAID_FINAL_STATUSES,
    CaseKind,
    Invoice,
    InvoiceStatus,
    PollShard,
    shard_of,
)
from payments.seqr import SeqrConfigurationError, SeqrError

PERHAPS_TWICE = "SEQR was asked about this ended invoice, which may have accepted a second payment"


def refresh_invoice(invoice_id: int, source: ChangeSource) -> InvoiceStatus:
    """Ask SEQR how an invoice stands, write what is new, and return its status.

    After PAID is written, one more call with the new version acknowledges it; where that fails, it
    is the poller's. A call that changed nothing is told in the audit only where a person wanted it,
    or where it failed in another way than the last. Raises the gateway's errors, and
    Invoice.DoesNotExist.
    """
    answer = ask_and_record(Invoice.objects.get(pk=invoice_id), source)
    if answer is not None and _awaits_acknowledgment(invoice_id):
        with suppress(SeqrError):  # the payment is written: that is what was asked
            ask_and_record(Invoice.objects.get(pk=invoice_id), source)
    return InvoiceStatus(Invoice.objects.values_list("status", flat=True).get(pk=invoice_id))


def ask_and_record(invoice: Invoice, source: ChangeSource) -> StatusResult | None:
    """Ask SEQR once how an invoice stands, write what is new, and return the answer.

    None where SEQR must not or cannot be asked. Raises the gateway's errors.
    """
    question = status_query_for(invoice)
    if question is None:
        return None
    awaited_since = _await_answer(invoice)
    asked_before = last_answer_at(invoice)
    tell = partial(record_failed_poll, order_id=invoice.order_id, source=source)
    try:
        answer = ask(question, on_failure=tell)
    except SeqrConfigurationError as error:
        with transaction.atomic():
            pause_payments(invoice, error, source)
        raise
    needs_write = answer.needs_write(question)
    silence = database_now() - asked_before
    told = needs_write and apply_status(question, answer, source, silence=silence)
    if not told and source.is_person and answer.call is not None:
        record_call(answer.call, invoice.order_id, source)
    _await_no_more(invoice.pk, awaited_since)
    return answer


def repeat_late_query(invoice_id: int, source: ChangeSource) -> None:
    """Ask about an ended invoice whose answer was lost: it may have accepted a payment.

    Where another invoice has paid the order since, a person is told instead. Raises the gateway's
    errors; else do nothing.
    """
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        awaited_since = invoice.late_query_pending_since
        if awaited_since is None:
            return
        if paid_by_another(invoice):
            open_case(CaseKind.SECOND_PAYMENT, source, PERHAPS_TWICE, invoice=invoice)
            save_fields(invoice, late_query_pending_since=None)
            return
    refresh_invoice(invoice_id, source)
    _await_no_more(invoice_id, awaited_since)  # which the question has not, where it is paid by now


def _await_answer(invoice: Invoice) -> datetime | None:
    """Note that SEQR is about to be asked about an ended invoice, which nobody asks about again.

    Should SEQR answer PAID, it keeps the money; should that answer be lost, this note alone tells.
    """
    if invoice.status not in UNPAID_FINAL_STATUSES:
        return None
    now = database_now()
    Invoice.objects.filter(pk=invoice.pk).update(late_query_pending_since=now)
    return now


def _await_no_more(invoice_id: int, since: datetime | None) -> None:
    """Take that note back, unless somebody else has asked meanwhile."""
    if since is not None:
        Invoice.objects.filter(pk=invoice_id, late_query_pending_since=since).update(
            late_query_pending_since=None
        )


def _awaits_acknowledgment(invoice_id: int) -> bool:
    return Invoice.objects.filter(
        pk=invoice_id, status=InvoiceStatus.PAID, acknowledged_at=None
    ).exists()


def last_answer_at(invoice: Invoice) -> datetime:
    """Return when SEQR was surely last heard about an invoice: by its shard's row, or its issue.

    Nobody can have paid it before it was issued.
    """
    assert invoice.issued_at is not None  # it has a reference
    row = PollShard.objects.filter(number=shard_of(invoice.pk)).first()
    if row is None:
        return invoice.issued_at
    return max(invoice.issued_at, row.oldest_answer_at)
