"""getPaymentStatus: the question, the answer, and what the answer changes.

`PAID` in SEQR's answer is the shop's acceptance of the money. So an invoice that must not be paid
any more, because another one paid its order, is not asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction

from orders.clock import database_now
from orders.events import Cause
from payments.calls import record_call, record_calls, record_failed_poll
from payments.cases import close_cases_of, open_case
from payments.gateway import seqr
from payments.models import (
    DEAD_STATUSES,
    OPEN_STATUSES,
    CancelReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
    PollShard,
)
from payments.paying import settings_refused
from payments.refund_transitions import order_follows_refunds
from payments.seqr import (
    CallMade,
    PaymentStatus,
    ResultCode,
    SeqrClient,
    SeqrConfigurationError,
    SeqrError,
    SeqrRejected,
    SeqrUnknownStatus,
)
from payments.services.discount import settle_doubt
from payments.services.shards import shard_of
from payments.transitions import (
    TABLE,
    dead_status,
    lock_invoice,
    paid_by_another,
    paid_differs,
    record,
    record_once,
    save_fields,
    transition,
)

# SEQR takes a payment back 20 s after it was made, if nobody asked; this leaves a margin.
REVERSAL_SUSPECTED_AFTER = timedelta(seconds=15)
NO_ERS_REFERENCE = "PAID without an ersReference"
PAID_ALL_THE_SAME = "The payment was made before the invoice could be cancelled"
UNTOLD_AMOUNT = "SEQR tells no amount, and may not know of the invoice's discount"
TWICE = "SEQR has a payment of this invoice too"
PERHAPS_TWICE = "SEQR was asked about this ended invoice, which may have accepted a second payment"
PUZZLES = (
    CaseKind.UNKNOWN_STATUS,
    CaseKind.UNKNOWN_AT_SEQR,
    CaseKind.PAID_WITHOUT_REFERENCE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """What SEQR is to be asked about one invoice."""

    invoice_id: int
    invoice_reference: str
    invoice_version: int
    status: InvoiceStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """What SEQR said: a status, or a status we do not know, or that it knows no such invoice."""

    version: int
    status: InvoiceStatus
    ers_reference: str | None = None
    paid: PaymentStatus | None = None
    detail: str = ""
    case: CaseKind | None = None  # what a person has to be told about it
    call: CallMade | None = None  # the call that brought it, for the audit

    def is_routine(self, question: Question) -> bool:
        """Whether it is news that changes nothing but the version, or acknowledges a payment."""
        return (
            self.case is None
            and self.status == question.status
            and self.status in (InvoiceStatus.ISSUED, InvoiceStatus.PAID)
        )

    def is_news(self, question: Question) -> bool:
        """Whether there is something to write. The unchanged costs no database access."""
        if self.version != question.invoice_version or question.status == InvoiceStatus.PAID:
            return True
        if question.status == InvoiceStatus.CANCEL_PENDING:
            return self.status not in _STILL_OPEN
        return self.status != question.status


_STILL_OPEN = tuple(status for status in OPEN_STATUSES if status != InvoiceStatus.NEEDS_ATTENTION)


def question_about(invoice: Invoice) -> Question | None:
    """Return the question about an invoice, or None where SEQR must not or cannot be asked."""
    if invoice.invoice_reference is None:
        return None
    if invoice.status != InvoiceStatus.PAID and paid_by_another(invoice):
        return None
    return Question(
        invoice.pk,
        invoice.invoice_reference,
        invoice.invoice_version,
        InvoiceStatus(invoice.status),
    )


def ask(question: Question, *, if_it_fails: Callable[[CallMade], None] | None = None) -> Answer:
    """Ask SEQR (getPaymentStatus). Touches no database. Raises the gateway's errors.

    The answer carries the call that brought it; `if_it_fails` gets a call that brought none.
    """
    calls: list[CallMade] = []
    try:
        answer = _ask(seqr().heard_by(calls.append), question)
    except SeqrError:
        if if_it_fails is not None:
            if_it_fails(calls[0])
        raise
    return replace(answer, call=calls[0])


def _ask(client: SeqrClient, question: Question) -> Answer:
    try:
        paid = client.get_payment_status(question.invoice_reference, question.invoice_version)
    except SeqrError as error:
        answer = answer_of_error(question, error)
        if answer is None:
            raise
        return answer
    return answer_of(paid)


def answer_of(paid: PaymentStatus) -> Answer:
    """Return what a status of SEQR's means."""
    status = InvoiceStatus(paid.status.value)
    if status == InvoiceStatus.PAID and not paid.ers_reference:
        # Not settled, since it could neither be refunded nor reconciled; so it is asked again.
        return _puzzle(paid.version, CaseKind.PAID_WITHOUT_REFERENCE, NO_ERS_REFERENCE)
    return Answer(paid.version, status, paid.ers_reference, paid)


def answer_of_error(question: Question, error: SeqrError) -> Answer | None:
    """Return what an error tells of the invoice; None where it tells nothing of it."""
    if isinstance(error, SeqrUnknownStatus):
        return _puzzle(error.version, CaseKind.UNKNOWN_STATUS, str(error))
    if (
        isinstance(error, SeqrRejected)
        and error.result_code == ResultCode.INVALID_INVOICE_REFERENCE
    ):
        return _puzzle(
            question.invoice_version,
            CaseKind.UNKNOWN_AT_SEQR,
            "SEQR does not know this invoice (54)",
        )
    return None


def _puzzle(version: int, case: CaseKind, detail: str) -> Answer:
    return Answer(version, InvoiceStatus.NEEDS_ATTENTION, detail=detail, case=case)


def refresh_invoice(invoice_id: int, source: Cause) -> InvoiceStatus:
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


def ask_and_record(invoice: Invoice, source: Cause) -> Answer | None:
    """Ask SEQR once how an invoice stands, write what is new, and return the answer.

    None where SEQR must not or cannot be asked. Raises the gateway's errors.
    """
    question = question_about(invoice)
    if question is None:
        return None
    awaited_since = _await_answer(invoice)
    asked_before = last_answer_at(invoice)
    tell = partial(record_failed_poll, order_id=invoice.order_id, cause=source)
    try:
        answer = ask(question, if_it_fails=tell)
    except SeqrConfigurationError as error:
        with transaction.atomic():
            settings_refused(invoice, error, source)
        raise
    is_news = answer.is_news(question)
    unheard_for = database_now() - asked_before
    told = is_news and record_answer(question, answer, source, unheard_for=unheard_for)
    if not told and source.is_person and answer.call is not None:
        record_call(answer.call, invoice.order_id, source)
    _await_no_more(invoice.pk, awaited_since)
    return answer


def ask_once_more(invoice_id: int, cause: Cause) -> None:
    """Ask about an ended invoice whose answer was lost: it may have accepted a payment.

    Where another invoice has paid the order since, a person is told instead. Raises the gateway's
    errors; else do nothing.
    """
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        awaited_since = invoice.answer_awaited_since
        if awaited_since is None:
            return
        if paid_by_another(invoice):
            open_case(CaseKind.SECOND_PAYMENT, cause, PERHAPS_TWICE, invoice=invoice)
            save_fields(invoice, answer_awaited_since=None)
            return
    refresh_invoice(invoice_id, cause)
    _await_no_more(invoice_id, awaited_since)  # which the question has not, where it is paid by now


def _await_answer(invoice: Invoice) -> datetime | None:
    """Note that SEQR is about to be asked about an ended invoice, which nobody asks about again.

    Should SEQR answer PAID, it keeps the money; should that answer be lost, this note alone tells.
    """
    if invoice.status not in DEAD_STATUSES:
        return None
    now = database_now()
    Invoice.objects.filter(pk=invoice.pk).update(answer_awaited_since=now)
    return now


def _await_no_more(invoice_id: int, since: datetime | None) -> None:
    """Take that note back, unless somebody else has asked meanwhile."""
    if since is not None:
        Invoice.objects.filter(pk=invoice_id, answer_awaited_since=since).update(
            answer_awaited_since=None
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


@transaction.atomic
def record_answer(
    question: Question, answer: Answer, cause: Cause, *, unheard_for: timedelta
) -> bool:
    """Write what an answer changes, and its call, under the rows' locks; return whether it did.

    An answer older than what we know is dropped. `unheard_for`, the time between the answer before
    and this one, tells a reversal apart: a payment that ended after SEQR had not heard from us for
    so long.
    """
    invoice = lock_invoice(question.invoice_id)
    changes = _take(invoice, question, answer, cause, unheard_for)
    if changes and answer.call is not None:
        record_call(answer.call, invoice.order_id, cause)
    return changes


@transaction.atomic
def record_routine(answers: Sequence[tuple[Question, Answer]], cause: Cause) -> set[int]:
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
        cause,
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
    invoice: Invoice, question: Question, answer: Answer, cause: Cause, unheard_for: timedelta
) -> bool:
    if answer.version < invoice.invoice_version:
        return False
    if invoice.status != InvoiceStatus.PAID and paid_by_another(invoice):
        return _take_too_late(invoice, answer, cause)
    is_newer = answer.version != invoice.invoice_version
    was = invoice.status
    follows = _follow(invoice, answer, cause, unheard_for)
    if is_newer and invoice.status == was:  # else it was saved with the new one
        save_fields(invoice, invoice_version=answer.version)
    acknowledges = (
        question.status == InvoiceStatus.PAID
        and invoice.status == InvoiceStatus.PAID
        and invoice.acknowledged_at is None
    )
    if acknowledges:
        save_fields(invoice, acknowledged_at=database_now())
    return is_newer or follows or acknowledges


def _take_too_late(invoice: Invoice, answer: Answer, cause: Cause) -> bool:
    is_new = record_once(invoice, "answer_after_order_was_paid", cause, detail=answer.status)
    if answer.status == InvoiceStatus.PAID:
        open_case(CaseKind.SECOND_PAYMENT, cause, TWICE, invoice=invoice)
    return is_new


def _follow(invoice: Invoice, answer: Answer, cause: Cause, unheard_for: timedelta) -> bool:
    """Go where the answer leads; return whether it led anywhere or told of anything."""
    to = answer.status
    if answer.case is not None:
        told = open_case(answer.case, cause, answer.detail, invoice=invoice) is not None
    else:
        told = close_cases_of(invoice, PUZZLES, cause, f"SEQR now answers {to}")
    if to == InvoiceStatus.PAID:
        return _follow_paid(invoice, answer, cause) or told
    if invoice.cancel_reason and to in _STILL_OPEN:
        to = InvoiceStatus.CANCEL_PENDING
    elif invoice.cancel_reason and to == InvoiceStatus.CANCELED:
        to = dead_status(invoice.cancel_reason)
    if to == invoice.status:
        return told
    if to not in TABLE[InvoiceStatus(invoice.status)]:
        return record_once(invoice, "unexpected_answer", cause, detail=answer.status) or told
    reversed_fields = {}
    if to in DEAD_STATUSES and _may_be_a_reversal(invoice, unheard_for):
        reversed_fields = {"possibly_reversed": True}
    changes = {"invoice_version": answer.version, **reversed_fields}
    transition(invoice, to, cause, detail=answer.detail, **changes)
    if reversed_fields:
        record(invoice, "possibly_reversed", cause)
        open_case(CaseKind.POSSIBLY_REVERSED, cause, f"SEQR answered {to}", invoice=invoice)
    return True


def _may_be_a_reversal(invoice: Invoice, unheard_for: timedelta) -> bool:
    """Whether the customer may have paid and got the money back, a cancel of ours or not.

    A cancel is often wanted just because we did not hear of the payment.
    """
    return invoice.status == InvoiceStatus.PAID or unheard_for >= REVERSAL_SUSPECTED_AFTER


def _follow_paid(invoice: Invoice, answer: Answer, cause: Cause) -> bool:
    assert answer.paid is not None
    if invoice.status == InvoiceStatus.PAID:
        return False
    wanted_dead = invoice.cancel_reason or invoice.status in DEAD_STATUSES
    receipt = answer.paid.receipt
    total = receipt.total_amount if receipt else None
    settle_doubt(invoice, total, cause)
    transition(
        invoice,
        InvoiceStatus.PAID,
        cause,
        invoice_version=answer.version,
        ers_reference=answer.ers_reference,
        payment_reference=(receipt.payment_reference or "") if receipt else "",
        paid_at=database_now(),
        paid_amount=total.value if total else None,
        paid_currency=total.currency if total else "",
    )
    order_follows_refunds(invoice, cause)  # of a payment that SEQR had taken back meanwhile
    if wanted_dead:
        open_case(CaseKind.PAID_THOUGH_CANCELED, cause, PAID_ALL_THE_SAME, invoice=invoice)
    if paid_differs(invoice):
        what = f"SEQR's receipt tells {total.value} {total.currency}" if total else UNTOLD_AMOUNT
        open_case(CaseKind.AMOUNT_DIFFERS, cause, what, invoice=invoice)
    _cancel_the_others(invoice, cause)
    return True


def _cancel_the_others(paid: Invoice, cause: Cause) -> None:
    """Want every other open invoice of the order cancelled; the order's lock covers them all."""
    others = Invoice.objects.filter(order=paid.order, status__in=OPEN_STATUSES)
    for other in others.exclude(pk=paid.pk).select_for_update():
        other.order = paid.order
        to = InvoiceStatus.CANCEL_PENDING
        if other.status == InvoiceStatus.CREATED:
            to = InvoiceStatus.CANCELED
        if other.status != InvoiceStatus.CANCEL_PENDING:
            transition(other, to, cause, cancel_reason=CancelReason.SUPERSEDED)
        else:
            save_fields(other, cancel_reason=CancelReason.SUPERSEDED)
