"""getPaymentStatus: what an answer of SEQR's changes, written under the rows' locks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection, transaction

from orders.audit import ChangeSource, record_event, record_event_once
from orders.clock import database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.balance import update_order_refund_state
from payments.call_audit import record_call, record_calls
from payments.cases.cases import close_cases_of, open_case
from payments.invoices.discounts import settle_doubt
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

# SEQR takes a payment back 20 s after it was made, if nobody asked; this leaves a margin.
REVERSAL_SUSPECTED_AFTER = timedelta(seconds=15)
PAID_ALL_THE_SAME = "The payment was made before the invoice could be cancelled"
UNTOLD_AMOUNT = "SEQR tells no amount, and may not know of the invoice's discount"
PAYS_NOW = "It pays the order, whose other payment SEQR has taken back"
TWICE = "SEQR has a payment of this invoice too"
PUZZLES = (
    CaseKind.UNKNOWN_STATUS,
    CaseKind.UNKNOWN_AT_SEQR,
    CaseKind.PAID_WITHOUT_REFERENCE,
)


@transaction.atomic
def apply_status(
    question: StatusQuery, answer: StatusResult, source: ChangeSource, *, silence: timedelta
) -> bool:
    """Write what an answer changes, and its call, under the rows' locks; return whether it did.

    An answer older than what we know is dropped. `silence`, the time between the answer before
    and this one, tells a reversal apart: a payment that ended after SEQR had not heard from us for
    so long.
    """
    invoice = lock_invoice(question.invoice_id)
    changes = _take(invoice, question, answer, source, silence)
    if changes and answer.call is not None:
        record_call(answer.call, invoice.order_id, source)
    return changes


@transaction.atomic
def apply_unchanged_batch(
    answers: Sequence[tuple[StatusQuery, StatusResult]], source: ChangeSource
) -> set[int]:
    """Write what routine answers change, all at once; return the ids of those invoices.

    An invoice that another process is at, or that stands otherwise by now, is left out: its answer
    is for `record_answer`. Waits for no lock.
    """
    columns = zip(
        *((q.invoice_id, answer.version, answer.status.value) for q, answer in answers), strict=True
    )
    with connection.cursor() as cursor:
        cursor.execute(_ROUTINE, [list(column) for column in columns])
        written: dict[int, int] = dict(cursor.fetchall())
    record_calls(
        [
            (answer.call, written[question.invoice_id])
            for question, answer in answers
            if question.invoice_id in written
            and answer.status == InvoiceStatus.PAID
            and answer.call is not None
        ],
        source,
    )
    return set(written)


_ROUTINE = """
    UPDATE payments_invoice AS invoice
    SET invoice_version = news.version,
        acknowledged_at = CASE WHEN news.status = 'PAID' THEN statement_timestamp() END
    FROM (
        SELECT id, news.version, news.status
        FROM payments_invoice
        JOIN unnest(%s::bigint[], %s::integer[], %s::text[]) AS news (id, version, status)
        USING (id)
        WHERE payments_invoice.status = news.status
          AND invoice_version <= news.version
          AND acknowledged_at IS NULL
        FOR UPDATE OF payments_invoice SKIP LOCKED
    ) AS news
    WHERE invoice.id = news.id
    RETURNING invoice.id, invoice.order_id
"""


def _take(
    invoice: Invoice,
    question: StatusQuery,
    answer: StatusResult,
    source: ChangeSource,
    silence: timedelta,
) -> bool:
    if answer.version < invoice.invoice_version:
        return False
    if invoice.status != InvoiceStatus.PAID and paid_by_another(invoice):
        return _take_too_late(invoice, answer, source)
    is_newer = answer.version != invoice.invoice_version
    from_state = invoice.status
    follows = _follow(invoice, answer, source, silence)
    if is_newer and invoice.status == from_state:  # else it was saved with the new one
        save_fields(invoice, invoice_version=answer.version)
    acknowledges = (
        question.status == InvoiceStatus.PAID
        and invoice.status == InvoiceStatus.PAID
        and invoice.acknowledged_at is None
    )
    if acknowledges:
        save_fields(invoice, acknowledged_at=database_now())
    return is_newer or follows or acknowledges


def _take_too_late(invoice: Invoice, answer: StatusResult, source: ChangeSource) -> bool:
    is_new = record_event_once(
        invoice, EventName.ANSWER_AFTER_ORDER_WAS_PAID, source, detail=answer.status
    )
    if answer.status == InvoiceStatus.PAID:
        open_case(CaseKind.SECOND_PAYMENT, source, TWICE, invoice=invoice)
    return is_new


def _follow(
    invoice: Invoice, answer: StatusResult, source: ChangeSource, silence: timedelta
) -> bool:
    """Go where the answer leads; return whether it led anywhere or told of anything."""
    to = answer.status
    if answer.case is not None:
        told = open_case(answer.case, source, answer.detail, invoice=invoice) is not None
    else:
        told = close_cases_of(invoice, PUZZLES, source, f"SEQR now answers {to}")
    if to == InvoiceStatus.PAID:
        return _follow_paid(invoice, answer, source) or told
    if invoice.cancel_reason and invoice.status != InvoiceStatus.PAID:
        if to in STILL_OPEN:
            to = InvoiceStatus.CANCEL_PENDING
        elif to == InvoiceStatus.CANCELED:
            to = unpaid_final_status(invoice.cancel_reason)
    if to == invoice.status:
        return told
    if to not in TABLE[InvoiceStatus(invoice.status)]:
        return (
            record_event_once(invoice, EventName.UNEXPECTED_STATUS, source, detail=answer.status)
            or told
        )
    reversed_fields = {}
    if to in UNPAID_FINAL_STATUSES and _may_be_a_reversal(invoice, silence):
        reversed_fields = {"possibly_reversed": True}
    changes = {"invoice_version": answer.version, **reversed_fields}
    transition_invoice(invoice, to, source, detail=answer.detail, **changes)
    if reversed_fields:
        record_event(invoice, EventName.POSSIBLY_REVERSED, source)
        open_case(CaseKind.POSSIBLY_REVERSED, source, f"SEQR answered {to}", invoice=invoice)
    return True


def _may_be_a_reversal(invoice: Invoice, silence: timedelta) -> bool:
    """Whether the customer may have paid and got the money back, a cancel of ours or not.

    A cancel is often wanted just because we did not hear of the payment.
    """
    return invoice.status == InvoiceStatus.PAID or silence >= REVERSAL_SUSPECTED_AFTER


def _follow_paid(invoice: Invoice, answer: StatusResult, source: ChangeSource) -> bool:
    assert answer.paid is not None
    if invoice.status == InvoiceStatus.PAID:
        return False
    wanted_dead = invoice.cancel_reason or invoice.status in UNPAID_FINAL_STATUSES
    receipt = answer.paid.receipt
    total = receipt.total_amount if receipt else None
    settle_doubt(invoice, total, source)
    transition_invoice(
        invoice,
        InvoiceStatus.PAID,
        source,
        invoice_version=answer.version,
        ers_reference=answer.ers_reference,
        payment_reference=(receipt.payment_reference or "") if receipt else "",
        paid_at=database_now(),
        paid_amount=total.value if total else None,
        paid_currency=total.currency if total else "",
    )
    update_order_refund_state(invoice, source)  # of a payment that SEQR had taken back meanwhile
    close_cases_of(invoice, (CaseKind.SECOND_PAYMENT,), source, PAYS_NOW)
    if wanted_dead:
        open_case(CaseKind.PAID_THOUGH_CANCELED, source, PAID_ALL_THE_SAME, invoice=invoice)
    if paid_differs(invoice):
        what = f"SEQR's receipt tells {total.value} {total.currency}" if total else UNTOLD_AMOUNT
        open_case(CaseKind.AMOUNT_DIFFERS, source, what, invoice=invoice)
    _cancel_the_others(invoice, source)
    return True


def _cancel_the_others(paid: Invoice, source: ChangeSource) -> None:
    """Want every other open invoice of the order cancelled; the order's lock covers them all."""
    others = Invoice.objects.filter(order=paid.order, status__in=OPEN_STATUSES)
    for other in others.exclude(pk=paid.pk).select_for_update():
        other.order = paid.order
        to = InvoiceStatus.CANCEL_PENDING
        if other.status == InvoiceStatus.CREATED:
            to = InvoiceStatus.CANCELED
        if other.status != InvoiceStatus.CANCEL_PENDING:
            transition_invoice(other, to, source, cancel_reason=CancelReason.SUPERSEDED)
        else:
            save_fields(other, cancel_reason=CancelReason.SUPERSEDED)
