"""Checks a quiescent system: no work is left, and the shop's ledger is SEQR's."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from orders.models import OrderState
from orders.models.order import OPEN_STATES
from payments.models import (
    CAPTURED_STATUSES,
    CancelReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
    RefundStatus,
)
from tests.proof.model_based.ledgers import Ledgers, refunded_at_seqr, total
from tests.proof.receipt_checks import receipt_violations

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import Simulation

S = InvoiceStatus
R = RefundStatus


def final_violations(sim: Simulation, ledgers: Ledgers) -> Iterator[str]:
    """Describe each violation in a sentence."""
    for invoice in ledgers.invoices:
        yield from _unfinished_invoice(ledgers, invoice)
    yield from _unfinished_refunds(ledgers)
    for order in ledgers.orders:
        if order.state in (*OPEN_STATES, OrderState.NEEDS_ATTENTION):
            yield f"{order} is still {order.state}"
    yield from open_pauses(ledgers)
    yield from _differing_sums(sim, ledgers)
    yield from _missing_cases(sim, ledgers)
    yield from receipt_violations(
        ledgers.receipts,
        {each.pk: each.status in CAPTURED_STATUSES for each in ledgers.invoices},
        {each.pk for each in ledgers.refunds if each.status == R.REFUNDED},
    )


def open_pauses(ledgers: Ledgers, refused: Collection[int] = ()) -> Iterator[str]:
    """Describe each pause of a terminal that SEQR does not refuse."""
    for pause in ledgers.pauses:
        if pause.ended_at is None and pause.terminal_id not in refused:
            yield f"payments of {pause.terminal} are still paused"


def unconfirmed_payments(ledgers: Ledgers, refused: Collection[int]) -> Iterator[str]:
    """Describe each open invoice that SEQR has as paid, at a terminal that it does not refuse."""
    for invoice in ledgers.invoices:
        seqr_invoice = ledgers.seqr_invoice(invoice)
        if seqr_invoice is None or invoice.terminal_id in refused or not invoice.is_open:
            continue
        if seqr_invoice["status"] == S.PAID and not ledgers.case_kinds(invoice):
            yield f"{invoice} is paid at SEQR, and nobody queries it"


def unsent_invoices(ledgers: Ledgers) -> Iterator[str]:
    """Describe each unsent invoice of a terminal that is not paused, before its lifetime ends."""
    paused = {pause.terminal_id for pause in ledgers.pauses if pause.ended_at is None}
    for invoice in ledgers.invoices:
        is_paused = invoice.order.shop.terminal_id in paused
        if invoice.status in (S.CREATED, S.SENDING) and not is_paused:
            yield f"{invoice} is {invoice.status}, and no task sends it"


def _unfinished_invoice(ledgers: Ledgers, invoice: Invoice) -> Iterator[str]:
    """Describe the work that an invoice still needs."""
    if invoice.is_open and CaseKind.DUPLICATE_PAYMENT not in ledgers.case_kinds(invoice):
        yield f"{invoice} is still {invoice.status}"
    if invoice.status == S.PAID and invoice.receipt_accepted_at is None:
        yield f"{invoice} has no receipt at SEQR"
    if invoice.status == S.PAID and invoice.acknowledged_at is None:
        yield f"{invoice} is not acknowledged"
    if invoice.lease_until is not None:
        yield f"{invoice} has an open lease"
    if invoice.late_query_pending_since is not None:
        yield f"{invoice} was queried after its end, and that query is still pending"


def _unfinished_refunds(ledgers: Ledgers) -> Iterator[str]:
    for refund in ledgers.refunds:
        if refund.status in (R.REQUESTED, R.CREATED, R.SENDING, R.UNKNOWN):
            yield f"{refund} is still {refund.status}"
    resolved = {each.key for each in ledgers.cases}
    for case in ledgers.cases:
        mismatch = f"refund {case.refund_id} resolved"
        if case.refund_id and case.closed_at is None and mismatch not in resolved:
            yield f"{case} is open, though its refund is resolved"


def _differing_sums(sim: Simulation, ledgers: Ledgers) -> Iterator[str]:
    """Compare the sums with SEQR's, to the öre."""
    paid = {each.invoice_reference: each for each in ledgers.invoices if each.status == S.PAID}
    for reference, invoice in paid.items():
        seqr_invoice = ledgers.seqr_invoices[reference or ""]
        if seqr_invoice["status"] != S.PAID:
            yield f"{invoice} is paid here and {seqr_invoice['status']} at SEQR"
        if Decimal(seqr_invoice["amount"]) != invoice.amount != invoice.paid_amount:
            yield f"{invoice}: {invoice.paid_amount} was paid of {invoice.amount}"
        if sim.proxy.versions.get(reference or "", 0) != seqr_invoice["version"]:
            yield f"{invoice}: SEQR was never sent version {seqr_invoice['version']}"
    for invoice in ledgers.invoices:
        seqrs_own = ledgers.seqr_invoice(invoice)
        amount_at_seqr = refunded_at_seqr(seqrs_own) if seqrs_own else 0
        if ledgers.refunds_of(invoice, R.REFUNDED) != amount_at_seqr:
            yield f"{invoice}: {amount_at_seqr} refunded at SEQR"
    ours = total(each.amount for each in paid.values())
    kept = total(
        Decimal(each["amount"])
        for reference, each in ledgers.seqr_invoices.items()
        if each["status"] == S.PAID and not _is_duplicate_payment(ledgers, reference)
    )
    if ours != kept:
        yield f"the shop has {ours}, SEQR keeps {kept} for it"


def _missing_cases(sim: Simulation, ledgers: Ledgers) -> Iterator[str]:
    """Describe payments and reversals at SEQR that neither a status nor a case records."""
    ours = {each.invoice_reference: each for each in ledgers.invoices if each.invoice_reference}
    for reference, seqr_invoice in ledgers.seqr_invoices.items():
        if seqr_invoice["paid_at"] is None:
            continue
        invoice = ours.get(reference)
        if invoice is None:
            yield f"{reference} was paid, and the shop has no such invoice"
            continue
        cases = ledgers.case_kinds(invoice)
        if seqr_invoice["status"] == S.PAID and invoice.status != S.PAID and not cases:
            yield f"{invoice} is kept by SEQR, is {invoice.status} here, and has no case"
        unwanted = invoice.cancel_reason == CancelReason.SUPERSEDED or reference in sim.contradicted
        if seqr_invoice["reversed"] and not unwanted and CaseKind.POSSIBLY_REVERSED not in cases:
            yield f"{invoice} was paid and reversed, and has no case"


def _is_duplicate_payment(ledgers: Ledgers, reference: str) -> bool:
    return any(
        each.invoice_reference == reference
        and CaseKind.DUPLICATE_PAYMENT in ledgers.case_kinds(each)
        and each.status != S.PAID
        for each in ledgers.invoices
    )
