"""What the shop does with invoices: send, update, query, cancel, and commit reservations.

Every function raises RefusedError to respond with a code other than 0.
Source: API reference 2.6.0, sendInvoice to commitReservation.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from payments.sandbox.operations import loyalty
from payments.sandbox.operations.invoice_rules import validated_amount, validated_invoice
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import (
    CANCEL_OF_FAILED,
    CUSTOMER_IS_PAYING,
    UPDATE_OF_PAID,
    RefusedError,
    ResultCode,
)
from payments.sandbox.storage.merchant_models import Terminal, Transaction
from payments.sandbox.storage.models import Invoice, Status, StatusQuery

CANCEL_REFUSALS: Final[dict[str, ResultCode]] = {
    Status.PAID: ResultCode.CANNOT_CANCEL_PAID_INVOICE,
    Status.CANCELED: ResultCode.INVOICE_ALREADY_CANCELED,
    Status.EXPIRED: ResultCode.PAYMENT_EXPIRED,
    Status.FAILED: CANCEL_OF_FAILED,
}

UPDATE_REFUSALS: Final = CANCEL_REFUSALS | {Status.PAID: UPDATE_OF_PAID}

UPDATABLE_STATUSES: Final = frozenset(
    {Status.ISSUED, Status.PENDING_ISSUER_ACKNOWLEDGE, Status.RESERVED}
)


def send_invoice(
    seqr: SeqrSimulator, terminal_id: str, content: Message | None, tokens: Sequence[Message]
) -> Invoice:
    """sendInvoice. A cash register's new invoice cancels its previous one."""
    seqr.apply_due_changes()
    content = validated_invoice(content)
    cards = loyalty.cards_shown_at_till(tokens)
    terminal = seqr.records.terminals[terminal_id]
    _cancel_previous_invoice(seqr, terminal)
    invoice = Invoice(
        seqr.next_reference(),
        terminal_id,
        content,
        seqr.now(),
        tokens=cards,
        acknowledged=bool(cards),
    )
    seqr.save(invoice)
    if terminal.is_cash_register:
        seqr.records.terminals[terminal_id] = replace(terminal, latest_invoice=invoice.reference)
    return invoice


def _cancel_previous_invoice(seqr: SeqrSimulator, terminal: Terminal) -> None:
    if terminal.latest_invoice is None:
        return
    previous = seqr.invoice(terminal.latest_invoice)
    if previous.held:
        raise RefusedError(
            CUSTOMER_IS_PAYING, "the customer is about to pay this cash register's previous invoice"
        )
    if previous.is_open:
        seqr.save(previous.with_status(Status.CANCELED))


def update_invoice(
    seqr: SeqrSimulator, invoice: Invoice, content: Message | None, tokens: Sequence[Message]
) -> None:
    """updateInvoice: new rows and a new total, and the answer to the customer's cards."""
    if invoice.held:
        raise RefusedError(CUSTOMER_IS_PAYING, "the customer is about to pay")
    if invoice.status not in UPDATABLE_STATUSES:
        raise RefusedError(
            UPDATE_REFUSALS.get(invoice.status, UPDATE_OF_PAID), f"the invoice is {invoice.status}"
        )
    content = validated_invoice(content)
    updated = replace(invoice, content=content)
    if updated.currency != invoice.currency:
        raise RefusedError(ResultCode.INVALID_INVOICE_DATA, "the currency cannot change")
    reserved = invoice.reserved_amount if invoice.status is Status.RESERVED else None
    if reserved is not None and updated.amount > reserved:
        raise RefusedError(ResultCode.REJECTED_AMOUNT, f"only {reserved} is reserved")
    if invoice.status is Status.PENDING_ISSUER_ACKNOWLEDGE:
        updated = loyalty.with_answers(updated, tokens)
    elif tokens:
        cards = loyalty.cards_shown_at_till(tokens)
        updated = replace(updated, tokens=cards, acknowledged=True)
    seqr.save(updated)


def get_payment_status(seqr: SeqrSimulator, invoice: Invoice, version: int) -> Invoice:
    """getPaymentStatus. Returning PAID is the shop's acceptance and books the sale."""
    now = seqr.now()
    seqr.records.status_queries[invoice.reference] = _status_query(seqr, invoice, version, now)
    if invoice.status is Status.PAID and invoice.confirmed_at is None:
        invoice = replace(invoice, confirmed_at=now)
        seqr.save(invoice)
        _book_sale(seqr, invoice)
    return invoice


def _status_query(
    seqr: SeqrSimulator, invoice: Invoice, version: int, now: datetime
) -> StatusQuery:
    former = seqr.records.status_queries.get(invoice.reference)
    if former is None:
        silence = (now - invoice.created_at).total_seconds()
        return StatusQuery(now, version, silence, now)
    silence = (now - former.at).total_seconds()
    if invoice.confirmed_at is not None or silence <= former.longest_silence_seconds:
        return replace(former, at=now, version=version)
    return StatusQuery(now, version, silence, now)


def cancel_invoice(seqr: SeqrSimulator, invoice: Invoice) -> None:
    """cancelInvoice; releases a reservation."""
    if invoice.held:
        raise RefusedError(
            ResultCode.CANNOT_CANCEL_INVOICE_IN_PROGRESS, "the customer is about to pay"
        )
    if invoice.status in CANCEL_REFUSALS:
        raise RefusedError(CANCEL_REFUSALS[invoice.status], f"the invoice is {invoice.status}")
    seqr.save(invoice.with_status(Status.CANCELED))


def commit_reservation(seqr: SeqrSimulator, invoice: Invoice, amount: Message | None) -> None:
    """commitReservation: capture all or part of the reserved amount.

    The shop makes this payment itself, so it needs no getPaymentStatus to be confirmed.
    """
    reserved = invoice.reserved_amount
    if invoice.status is not Status.RESERVED or reserved is None:
        raise RefusedError(
            ResultCode.INVOICE_STATE_NOT_RESERVED, f"the invoice is {invoice.status}"
        )
    value, currency = validated_amount("amount", amount, ResultCode.REJECTED_AMOUNT)
    if currency != invoice.currency:
        raise RefusedError(ResultCode.REJECTED_AMOUNT, f"the reservation is in {invoice.currency}")
    if not 0 < value <= reserved:
        raise RefusedError(
            ResultCode.REJECTED_AMOUNT, f"amount must be above 0 and at most {reserved}"
        )
    _book_sale(seqr, seqr.complete_payment(invoice, value, confirmed_at=seqr.now()))


def _book_sale(seqr: SeqrSimulator, invoice: Invoice) -> None:
    seqr.records.add_transaction(
        Transaction(
            terminal_id=invoice.terminal_id,
            cashier_id=invoice.content.get("cashierId"),
            amount=invoice.charged_amount,
            currency=invoice.currency,
            ers_reference=invoice.ers_reference,
        )
    )
