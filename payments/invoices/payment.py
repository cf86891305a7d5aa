"""A payment in SEQR's answer: which invoice it is of, its references, and its amount."""

from datetime import datetime
from typing import Any

from orders.audit import ChangeSource
from orders.clock import DatabaseTime
from payments.cases.cases import open_case
from payments.invoices.status_query import StatusResult
from payments.invoices.transitions import paid_differs
from payments.models import CAPTURED_STATUSES, CaseKind, Invoice
from payments.seqr import is_shortened

AMOUNT_UNKNOWN = "SEQR's receipt has no readable amount"
DISCOUNT_UNKNOWN = "SEQR's receipt has no amount, and SEQR may not know the invoice's discount"


def mismatch_of(invoice: Invoice, result: StatusResult) -> str:
    """Return in what an answer is about another invoice, as a sentence; "" if it is about this one.

    An answer without a receipt, or a receipt without a reference, is taken as about this one.
    """
    receipt = result.paid.receipt if result.paid else None
    pairs = []
    if receipt is not None:
        pairs = [
            ("invoice reference", receipt.invoice_reference, invoice.invoice_reference),
            ("invoice number", receipt.client_invoice_id, invoice.client_invoice_id),
        ]
    if invoice.status in CAPTURED_STATUSES:
        pairs.append(("payment reference", result.ers_reference, invoice.ers_reference))
    for name, answered, ours in pairs:
        if answered and answered != ours:
            return f"SEQR answered with the {name} {answered}, and not with {ours}"
    return ""


def payment_fields(result: StatusResult, paid_at: datetime | DatabaseTime) -> dict[str, Any]:
    """Return the fields of an invoice that SEQR answers to be paid."""
    receipt = result.paid.receipt if result.paid else None
    total = receipt.total_amount if receipt else None
    return {
        "invoice_version": result.version,
        "ers_reference": result.ers_reference,
        "payment_reference": (receipt.payment_reference or "") if receipt else "",
        "paid_at": paid_at,
        "paid_at_seqr": receipt.payment_date if receipt else None,
        "acknowledged_at": None,  # an earlier payment's, which SEQR has reversed
        "paid_amount": total.value if total else None,
        "paid_currency": total.currency if total else "",
    }


def open_amount_case(invoice: Invoice, source: ChangeSource) -> None:
    """Open a case if the amount that was paid for a locked invoice is another one, or unknown."""
    if invoice.paid_amount is not None:
        summary = f"SEQR's receipt says {invoice.paid_amount:.2f} {invoice.paid_currency}"
    else:
        summary = DISCOUNT_UNKNOWN if invoice.discount_unconfirmed else AMOUNT_UNKNOWN
    if paid_differs(invoice):
        open_case(CaseKind.AMOUNT_DIFFERS, source, summary, invoice=invoice)
    elif invoice.paid_amount is None:
        open_case(CaseKind.AMOUNT_UNKNOWN, source, summary, invoice=invoice)


def open_reference_case(invoice: Invoice, source: ChangeSource) -> None:
    """Open a case if a reference of a locked invoice's payment is too long to be stored."""
    for reference in (invoice.ers_reference or "", invoice.payment_reference):
        if is_shortened(reference):
            summary = f"SEQR's reference of the payment is too long to be stored: {reference}"
            open_case(CaseKind.REFERENCE_TOO_LONG, source, summary, invoice=invoice)
