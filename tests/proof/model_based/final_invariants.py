"""What holds once all has come to rest: nothing is left over, and our books are SEQR's."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from orders.models import OrderState
from orders.models.order import OPEN_STATES
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, RefundStatus
from tests.proof.model_based.ledgers import Books, refunded_amount, total

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import World

S = InvoiceStatus
R = RefundStatus


def what_is_wrong(world: World, books: Books) -> Iterator[str]:
    """Name each breach in a sentence."""
    for invoice in books.invoices:
        yield from _left_over(books, invoice)
    yield from _left_of_refunds(books)
    for order in books.orders:
        if order.state in (*OPEN_STATES, OrderState.NEEDS_ATTENTION):
            yield f"{order} is still {order.state}"
    for stop in books.stops:
        if stop.ended_at is None:
            yield "paying is still closed"
    yield from _agrees(world, books)
    yield from _is_told(world, books)


def what_is_unsent(books: Books) -> Iterator[str]:
    """Name each invoice that should have been sent, long before its lifetime ends."""
    if any(stop.ended_at is None for stop in books.stops):
        return
    for invoice in books.invoices:
        if invoice.status in (S.CREATED, S.SENDING):
            yield f"{invoice} is {invoice.status}, and nobody sends it"


def _left_over(books: Books, invoice: Invoice) -> Iterator[str]:
    """Nothing of it is left that somebody would have to work on."""
    if invoice.is_open and CaseKind.SECOND_PAYMENT not in books.kinds_of(invoice):
        yield f"{invoice} is still {invoice.status}"
    if invoice.status == S.PAID and invoice.receipt_accepted_at is None:
        yield f"{invoice} has no receipt at SEQR"
    if invoice.status == S.PAID and invoice.acknowledged_at is None:
        yield f"{invoice} is not acknowledged"
    if invoice.lease_until is not None:
        yield f"{invoice} has an open lease"
    if invoice.late_query_pending_since is not None:
        yield f"{invoice} was asked about after its end, and the answer is awaited still"


def _left_of_refunds(books: Books) -> Iterator[str]:
    for refund in books.refunds:
        if refund.status in (R.REQUESTED, R.CREATED, R.SENDING, R.UNKNOWN):
            yield f"{refund} is still {refund.status}"
    corrected = {each.key for each in books.cases}
    for case in books.cases:
        settled = f"refund {case.refund_id} settled"
        if case.refund_id and case.closed_at is None and settled not in corrected:
            yield f"{case} is open, though its refund is settled"


def _agrees(world: World, books: Books) -> Iterator[str]:
    """Our sums are SEQR's, to the öre."""
    paid = {each.invoice_reference: each for each in books.invoices if each.status == S.PAID}
    for reference, invoice in paid.items():
        seqrs = books.at_seqr[reference or ""]
        if seqrs["status"] != S.PAID:
            yield f"{invoice} is paid here and {seqrs['status']} at SEQR"
        if Decimal(seqrs["amount"]) != invoice.amount != invoice.paid_amount:
            yield f"{invoice}: {invoice.paid_amount} was paid of {invoice.amount}"
        if world.proxy.versions.get(reference or "", 0) != seqrs["version"]:
            yield f"{invoice}: SEQR was never told of version {seqrs['version']}"
    for invoice in books.invoices:
        seqrs_own = books.seqrs(invoice)
        went_back = refunded_amount(seqrs_own) if seqrs_own else 0
        if books.refunds_of(invoice, R.REFUNDED) != went_back:
            yield f"{invoice}: {went_back} went back at SEQR"
    ours = total(each.amount for each in paid.values())
    kept = total(
        Decimal(each["amount"])
        for reference, each in books.at_seqr.items()
        if each["status"] == S.PAID and not _is_a_second_payment(books, reference)
    )
    if ours != kept:
        yield f"we have {ours}, SEQR has {kept} for us"


def _is_told(world: World, books: Books) -> Iterator[str]:
    """What SEQR keeps is paid here, or a person was told; and of what went back, too."""
    ours = {each.invoice_reference: each for each in books.invoices if each.invoice_reference}
    for reference, seqrs in books.at_seqr.items():
        if seqrs["paid_at"] is None:
            continue
        invoice = ours.get(reference)
        if invoice is None:
            yield f"{reference} was paid, and we never had it"
            continue
        told = books.kinds_of(invoice)
        if seqrs["status"] == S.PAID and invoice.status != S.PAID and not told:
            yield f"{invoice} is kept by SEQR, is {invoice.status} here, and nobody was told"
        unwanted = invoice.cancel_reason == CancelReason.SUPERSEDED or reference in world.meddled
        if seqrs["reversed"] and not unwanted and CaseKind.POSSIBLY_REVERSED not in told:
            yield f"{invoice} was paid and reversed, and nobody was told"


def _is_a_second_payment(books: Books, reference: str) -> bool:
    return any(
        each.invoice_reference == reference
        and CaseKind.SECOND_PAYMENT in books.kinds_of(each)
        and each.status != S.PAID
        for each in books.invoices
    )
