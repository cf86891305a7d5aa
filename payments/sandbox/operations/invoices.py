"""What the shop does with its invoices: sending, changing, asking, cancelling, taking reservations.

Every function raises RefusedError to answer with another code than 0.
Source: API reference 2.6.0, sendInvoice to commitReservation.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from payments.sandbox.operations import loyalty
from payments.sandbox.operations.invoice_rules import checked, checked_amount
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import (
    CANCEL_OF_FAILED,
    CUSTOMER_IS_PAYING,
    UPDATE_OF_PAID,
    RefusedError,
    ResultCode,
)
from payments.sandbox.storage.models import Asked, Invoice, Status
from payments.sandbox.storage.shop_models import Terminal, Transaction

CANCEL_REFUSALS: Final[dict[str, ResultCode]] = {
    Status.PAID: ResultCode.CANNOT_CANCEL_PAID_INVOICE,
    Status.CANCELED: ResultCode.INVOICE_ALREADY_CANCELED,
    Status.EXPIRED: ResultCode.PAYMENT_EXPIRED,
    Status.FAILED: CANCEL_OF_FAILED,
}

UPDATE_REFUSALS: Final = CANCEL_REFUSALS | {Status.PAID: UPDATE_OF_PAID}

UPDATABLE: Final = frozenset({Status.ISSUED, Status.PENDING_ISSUER_ACKNOWLEDGE, Status.RESERVED})


def issue(
    state: SeqrSimulator, terminal_id: str, content: Message | None, tokens: Sequence[Message]
) -> Invoice:
    """sendInvoice. On a cash register it cancels the invoice before."""
    state.catch_up()
    content = checked(content)
    cards = loyalty.shown_in_the_shop(tokens)
    terminal = state.records.terminals[terminal_id]
    _cancel_the_one_before(state, terminal)
    invoice = Invoice(
        state.next_reference(),
        terminal_id,
        content,
        state.now(),
        tokens=cards,
        acknowledged=bool(cards),
    )
    state.save(invoice)
    if terminal.is_cash_register:
        state.records.terminals[terminal_id] = replace(terminal, latest_invoice=invoice.reference)
    return invoice


def _cancel_the_one_before(state: SeqrSimulator, terminal: Terminal) -> None:
    if terminal.latest_invoice is None:
        return
    before = state.known(terminal.latest_invoice)
    if before.held:
        raise RefusedError(
            CUSTOMER_IS_PAYING, "this cash register's customer is about to pay the invoice before"
        )
    if before.is_open:
        state.save(before.moved(Status.CANCELED))


def update(
    state: SeqrSimulator, reference: str, content: Message | None, tokens: Sequence[Message]
) -> None:
    """updateInvoice: other rows and another total, and the answer to the customer's cards."""
    invoice = state.known(reference)
    if invoice.held:
        raise RefusedError(CUSTOMER_IS_PAYING, "the customer is about to pay")
    if invoice.status not in UPDATABLE:
        raise RefusedError(
            UPDATE_REFUSALS.get(invoice.status, UPDATE_OF_PAID), f"the invoice is {invoice.status}"
        )
    content = checked(content)
    updated = replace(invoice, content=content)
    if updated.currency != invoice.currency:
        raise RefusedError(ResultCode.INVALID_INVOICE_DATA, "the currency cannot change")
    reserved = invoice.reserved_amount if invoice.status is Status.RESERVED else None
    if reserved is not None and updated.amount > reserved:
        raise RefusedError(ResultCode.REJECTED_AMOUNT, f"only {reserved} are reserved")
    if invoice.status is Status.PENDING_ISSUER_ACKNOWLEDGE:
        updated = loyalty.answered(updated, tokens)
    elif tokens:
        cards = loyalty.shown_in_the_shop(tokens)
        updated = replace(updated, tokens=cards, acknowledged=True)
    state.save(updated)


def ask(state: SeqrSimulator, reference: str, version: int) -> Invoice:
    """getPaymentStatus: an answer of PAID is the shop's acceptance, and makes the sale."""
    invoice = state.known(reference)
    now = state.now()
    state.records.asked[reference] = Asked(now, version)
    if invoice.status is Status.PAID and invoice.confirmed_at is None:
        invoice = replace(invoice, confirmed_at=now)
        state.save(invoice)
        _book_sale(state, invoice)
    return invoice


def cancel(state: SeqrSimulator, reference: str) -> None:
    """cancelInvoice; a reservation is released."""
    invoice = state.known(reference)
    if invoice.held:
        raise RefusedError(
            ResultCode.CANNOT_CANCEL_INVOICE_IN_PROGRESS, "the customer is about to pay"
        )
    if invoice.status in CANCEL_REFUSALS:
        raise RefusedError(CANCEL_REFUSALS[invoice.status], f"the invoice is {invoice.status}")
    state.save(invoice.moved(Status.CANCELED))


def commit_reservation(state: SeqrSimulator, reference: str, amount: Message | None) -> None:
    """commitReservation: take the amount, all that was reserved or less.

    It is the shop's own doing, so the payment needs no getPaymentStatus to be accepted.
    """
    invoice = state.known(reference)
    reserved = invoice.reserved_amount
    if invoice.status is not Status.RESERVED or reserved is None:
        raise RefusedError(
            ResultCode.INVOICE_STATE_NOT_RESERVED, f"the invoice is {invoice.status}"
        )
    value, currency = checked_amount("amount", amount, ResultCode.REJECTED_AMOUNT)
    if currency != invoice.currency:
        raise RefusedError(ResultCode.REJECTED_AMOUNT, f"the reservation is in {invoice.currency}")
    if not 0 < value <= reserved:
        raise RefusedError(
            ResultCode.REJECTED_AMOUNT, f"amount must be more than 0, and at most {reserved}"
        )
    _book_sale(state, state.settle(invoice, value, confirmed_at=state.now()))


def _book_sale(state: SeqrSimulator, invoice: Invoice) -> None:
    state.records.add_transaction(
        Transaction(
            terminal_id=invoice.terminal_id,
            cashier_id=invoice.content.get("cashierId"),
            amount=invoice.due_amount,
            currency=invoice.currency,
            ers_reference=invoice.ers_reference,
        )
    )
