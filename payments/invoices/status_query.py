"""getPaymentStatus: what SEQR is asked about an invoice, and what its answer means.

`PAID` in SEQR's answer is the shop's acceptance of the money. So an invoice that must not be paid
any more, because another one paid its order, is not asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from payments.gateway import seqr
from payments.invoices.transitions import paid_by_another
from payments.models import OPEN_STATUSES, CaseKind, Invoice, InvoiceStatus
from payments.seqr import (
    CallRecord,
    PaymentStatus,
    ResultCode,
    SeqrClient,
    SeqrError,
    SeqrRejected,
    SeqrUnknownStatus,
)

NO_ERS_REFERENCE = "PAID without an ersReference"
STILL_OPEN = tuple(status for status in OPEN_STATUSES if status != InvoiceStatus.NEEDS_ATTENTION)


@dataclass(frozen=True, slots=True)
class StatusQuery:
    """What SEQR is to be asked about one invoice."""

    invoice_id: int
    invoice_reference: str
    invoice_version: int
    status: InvoiceStatus


@dataclass(frozen=True, slots=True)
class StatusResult:
    """What SEQR said: a status, or a status we do not know, or that it knows no such invoice."""

    version: int
    status: InvoiceStatus
    ers_reference: str | None = None
    paid: PaymentStatus | None = None
    detail: str = ""
    case: CaseKind | None = None  # what a person has to be told about it
    call: CallRecord | None = None  # the call that brought it, for the audit

    def is_unchanged(self, question: StatusQuery) -> bool:
        """Whether it is news that changes nothing but the version, or acknowledges a payment."""
        return (
            self.case is None
            and self.status == question.status
            and self.status in (InvoiceStatus.ISSUED, InvoiceStatus.PAID)
        )

    def needs_write(self, question: StatusQuery) -> bool:
        """Whether there is something to write. The unchanged costs no database access."""
        if self.version != question.invoice_version or question.status == InvoiceStatus.PAID:
            return True
        if question.status == InvoiceStatus.CANCEL_PENDING:
            return self.status not in STILL_OPEN
        return self.status != question.status


def status_query_for(invoice: Invoice) -> StatusQuery | None:
    """Return the question about an invoice, or None where SEQR must not or cannot be asked."""
    if invoice.invoice_reference is None:
        return None
    if invoice.status != InvoiceStatus.PAID and paid_by_another(invoice):
        return None
    return StatusQuery(
        invoice.pk,
        invoice.invoice_reference,
        invoice.invoice_version,
        InvoiceStatus(invoice.status),
    )


def ask(
    question: StatusQuery, *, on_failure: Callable[[CallRecord], None] | None = None
) -> StatusResult:
    """Ask SEQR (getPaymentStatus). Touches no database. Raises the gateway's errors.

    The answer carries the call that brought it; `on_failure` gets a call that brought none.
    """
    calls: list[CallRecord] = []
    try:
        answer = _ask(seqr().with_listener(calls.append), question)
    except SeqrError:
        if on_failure is not None:
            on_failure(calls[0])
        raise
    return replace(answer, call=calls[0])


def _ask(client: SeqrClient, question: StatusQuery) -> StatusResult:
    try:
        paid = client.get_payment_status(question.invoice_reference, question.invoice_version)
    except SeqrError as error:
        answer = result_of_error(question, error)
        if answer is None:
            raise
        return answer
    return result_of_status(paid)


def result_of_status(paid: PaymentStatus) -> StatusResult:
    """Return what a status of SEQR's means."""
    status = InvoiceStatus(paid.status.value)
    if status == InvoiceStatus.PAID and not paid.ers_reference:
        # Not settled, since it could neither be refunded nor reconciled; so it is asked again.
        return _needs_attention(paid.version, CaseKind.PAID_WITHOUT_REFERENCE, NO_ERS_REFERENCE)
    return StatusResult(paid.version, status, paid.ers_reference, paid)


def result_of_error(question: StatusQuery, error: SeqrError) -> StatusResult | None:
    """Return what an error tells of the invoice; None where it tells nothing of it."""
    if isinstance(error, SeqrUnknownStatus):
        return _needs_attention(error.version, CaseKind.UNKNOWN_STATUS, str(error))
    if (
        isinstance(error, SeqrRejected)
        and error.result_code == ResultCode.INVALID_INVOICE_REFERENCE
    ):
        return _needs_attention(
            question.invoice_version,
            CaseKind.UNKNOWN_AT_SEQR,
            "SEQR does not know this invoice (54)",
        )
    return None


def _needs_attention(version: int, case: CaseKind, detail: str) -> StatusResult:
    return StatusResult(version, InvoiceStatus.NEEDS_ATTENTION, detail=detail, case=case)
