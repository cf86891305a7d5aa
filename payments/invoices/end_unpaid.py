"""Ends an invoice unpaid, and opens the cases about money that the customer may have paid."""

from typing import Any

from orders.audit import ChangeSource, record_event
from orders.models import EventName
from payments.cases.cases import close_cases_of, open_case
from payments.invoices.transitions import transition_invoice, unpaid_final_status
from payments.models import CaseKind, Invoice, InvoiceStatus

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


def end_without_confirmation(invoice: Invoice, source: ChangeSource, detail: str = "") -> None:
    """End a locked invoice that staff have given up, although SEQR has not confirmed its cancel.

    SEQR may still have a payment of it: the customer reads that SEQR returns the money.
    """
    transition_invoice(
        invoice,
        unpaid_final_status(invoice.cancel_reason),
        source,
        detail=detail,
        event=EventName.ENDED_BY_STAFF,
        possibly_reversed=True,
    )
    _open_part_paid_case(invoice, source)


def _open_part_paid_case(invoice: Invoice, source: ChangeSource) -> None:
    if invoice.partially_paid:
        summary = PART_PAID.format(status=invoice.status)
        open_case(CaseKind.PARTIAL_PAYMENT, source, summary, invoice=invoice)
