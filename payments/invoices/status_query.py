"""getPaymentStatus: queries an invoice's status and interprets the answer.

A query that SEQR answers with `PAID` accepts the payment. So an invoice whose order another one has
paid is queried only once SEQR has kept its payment, or has had the time to return it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from orders.models import Terminal
from payments.gateway import credentials_of, seqr_with
from payments.invoices.transitions import order_paid_by_another
from payments.models import CAPTURED_STATUSES, OPEN_STATUSES, CaseKind, Invoice, InvoiceStatus
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
    """What is sent to SEQR about one invoice, as its terminal, and its status here.

    Log lines about it name the order.
    """

    invoice_id: int
    terminal_id: int
    invoice_reference: str
    invoice_version: int
    status: InvoiceStatus
    order_id: int


@dataclass(frozen=True, slots=True)
class StatusResult:
    """SEQR's answer: a status, an unknown status, or an unknown invoice."""

    version: int
    status: InvoiceStatus
    ers_reference: str | None = None
    paid: PaymentStatus | None = None
    detail: str = ""
    case: CaseKind | None = None  # the case to open about it
    call: CallRecord | None = None  # for the audit

    def is_unchanged(self, query: StatusQuery) -> bool:
        """Return whether it only brings a newer version, or acknowledges a payment."""
        return (
            self.case is None
            and self.status == query.status
            and self.status in (InvoiceStatus.ISSUED, InvoiceStatus.PAID)
        )

    def needs_write(self, query: StatusQuery) -> bool:
        """Return whether there is something to write; most polls need no database access."""
        if self.version != query.invoice_version or query.status == InvoiceStatus.PAID:
            return True
        if query.status == InvoiceStatus.CANCEL_PENDING:
            return self.status not in STILL_OPEN
        return self.status != query.status


def status_query_for(invoice: Invoice, *, may_be_duplicate: bool = False) -> StatusQuery | None:
    """Return the query about an invoice; None if it must not or cannot be queried.

    An invoice whose order another one has paid is queried only if it `may_be_duplicate`: SEQR has
    kept a payment of it, or has had the time to return it. A retired terminal queries none.
    """
    if invoice.invoice_reference is None or _is_out_of_reach(invoice):
        return None
    is_captured = invoice.status in CAPTURED_STATUSES
    if not (is_captured or may_be_duplicate) and order_paid_by_another(invoice):
        return None
    return StatusQuery(
        invoice.pk,
        invoice.terminal_id,
        invoice.invoice_reference,
        invoice.invoice_version,
        InvoiceStatus(invoice.status),
        invoice.order_id,
    )


def _is_out_of_reach(invoice: Invoice) -> bool:
    """Return whether an invoice's terminal is retired, which it is only once the invoice ended."""
    has_ended = invoice.poll_bucket is None
    return has_ended and invoice.terminal.retired_at is not None


def query_status(
    query: StatusQuery,
    terminal: Terminal,
    *,
    on_failure: Callable[[CallRecord], None] | None = None,
) -> StatusResult:
    """Call getPaymentStatus as the invoice's terminal. Raises the gateway's errors.

    The result carries its call; `on_failure` gets the call of an error.
    """
    calls: list[CallRecord] = []
    try:
        client = seqr_with(credentials_of(terminal)).with_listener(calls.append)
        result = _call_seqr(client, query)
    except SeqrError:
        if on_failure is not None:
            on_failure(calls[0])
        raise
    return replace(result, call=calls[0])


def _call_seqr(client: SeqrClient, query: StatusQuery) -> StatusResult:
    try:
        paid = client.get_payment_status(query.invoice_reference, query.invoice_version)
    except SeqrError as error:
        result = result_of_error(query, error)
        if result is None:
            raise
        return result
    return result_of_status(paid)


def result_of_status(paid: PaymentStatus) -> StatusResult:
    """Interpret a status of SEQR's."""
    status = InvoiceStatus(paid.status.value)
    if status == InvoiceStatus.PAID and not paid.ers_reference:
        # Not accepted as paid: it could be neither refunded nor reconciled. It is queried again.
        return _needs_attention(paid.version, CaseKind.PAID_WITHOUT_REFERENCE, NO_ERS_REFERENCE)
    return StatusResult(paid.version, status, paid.ers_reference, paid)


def result_of_error(query: StatusQuery, error: SeqrError) -> StatusResult | None:
    """Interpret an error; None if it says nothing about the invoice."""
    if isinstance(error, SeqrUnknownStatus):
        return _needs_attention(error.version, CaseKind.UNKNOWN_STATUS, str(error))
    if (
        isinstance(error, SeqrRejected)
        and error.result_code == ResultCode.INVALID_INVOICE_REFERENCE
    ):
        return _needs_attention(
            query.invoice_version,
            CaseKind.UNKNOWN_AT_SEQR,
            "SEQR does not know this invoice (54)",
        )
    return None


def _needs_attention(version: int, case: CaseKind, detail: str) -> StatusResult:
    return StatusResult(version, InvoiceStatus.NEEDS_ATTENTION, detail=detail, case=case)
