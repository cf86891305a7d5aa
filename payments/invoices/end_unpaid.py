"""Ends an invoice unpaid, and opens the cases about money that the customer may have paid."""

from typing import Any

from orders.audit import ChangeSource, record_event
from orders.clock import SAVED_NOW
from orders.models import EventName
from payments.cases.cases import close_cases_of, open_case
from payments.invoices.transitions import transition_invoice, unpaid_final_status
from payments.models import CaseKind, Invoice, InvoiceStatus

PAID_AT_SEQR = "SEQR has a payment of the ended invoice, which is not recorded here"
PART_PAID = "SEQR reported a part of the invoice as paid, and the invoice is now {status}"


def end_unpaid(
    invoice: Invoice,
    to: InvoiceStatus,
    source: ChangeSource,
    *,
    is_possibly_reversed: bool = False,
    **fields: Any,
) -> None:
    """Change a locked invoice to an unpaid final status, as SEQR has confirmed it.

    `is_possibly_reversed`: the customer may have paid and got the money back.
    """
    if is_possibly_reversed:
        fields["possibly_reversed"] = True
    transition_invoice(invoice, to, source, **fields)
    close_cases_of(invoice, (CaseKind.CANCEL_STUCK,), source, f"SEQR has confirmed the end: {to}")
    if is_possibly_reversed:
        record_event(invoice, EventName.POSSIBLY_REVERSED, source)
        open_case(CaseKind.POSSIBLY_REVERSED, source, f"SEQR answered {to}", invoice=invoice)
    _open_part_paid_case(invoice, source)


def end_without_confirmation(
    invoice: Invoice, source: ChangeSource, detail: str = "", *, is_paid: bool = False
) -> None:
    """End a locked invoice that staff have given up, although SEQR has not confirmed its cancel.

    The customer reads that SEQR returns a payment. If SEQR answers that the invoice `is_paid`, it
    keeps the money: the customer is asked to talk to the staff, who get a case.
    """
    transition_invoice(
        invoice,
        unpaid_final_status(invoice.cancel_reason),
        source,
        detail=detail,
        event=EventName.ENDED_BY_STAFF,
        possibly_reversed=not is_paid,
        refused_as_paid_at=SAVED_NOW if is_paid else invoice.refused_as_paid_at,
    )
    if is_paid:
        open_case(CaseKind.PAID_THOUGH_CANCELED, source, PAID_AT_SEQR, invoice=invoice)
    _open_part_paid_case(invoice, source)


def _open_part_paid_case(invoice: Invoice, source: ChangeSource) -> None:
    if invoice.partially_paid:
        summary = PART_PAID.format(status=invoice.status)
        open_case(CaseKind.PARTIAL_PAYMENT, source, summary, invoice=invoice)
