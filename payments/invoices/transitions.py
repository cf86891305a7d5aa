"""The only writer of `Invoice.status`.

An invoice, its event and its order's state change in one transaction, under the locks of both rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, QuerySet

from orders.audit import ChangeSource
from orders.compiled_query import CompiledQuery, KeyIsAnyOf, Parameter
from orders.models import AuditEvent, EventName, OrderState
from orders.models.order import UNPAID_STATES
from orders.state_machine import Change, TransitionTable, prepare_transition, save_changes
from orders.transitions import prepare_order_transition
from payments.balance import captured_amount, refunded_amount
from payments.issue_receipts import NewReceipt, issue_receipts
from payments.models import (
    CAPTURED_STATUSES,
    UNPAID_FINAL_STATUSES,
    CancelReason,
    Invoice,
    InvoiceStatus,
    ReceiptKind,
)
from payments.refund_transitions import withdraw_unsent_refunds
from seqrshop.process_metrics import PAYMENT_RECORDING_SECONDS

_S = InvoiceStatus

_SEQR_EVENTS = {
    _S.ISSUED: EventName.ISSUED_AGAIN,
    _S.PENDING_ISSUER_ACKNOWLEDGE: EventName.ACKNOWLEDGMENT_AWAITED,
    _S.RESERVED: EventName.AMOUNT_RESERVED,
    _S.PARTIALLY_PAID: EventName.PARTIALLY_PAID,
    _S.NEEDS_ATTENTION: EventName.ATTENTION_NEEDED,
    _S.CANCEL_PENDING: EventName.CANCEL_REQUESTED,
    _S.PAID: EventName.PAYMENT_CONFIRMED,
    _S.DUPLICATE: EventName.DUPLICATE_PAYMENT_FOUND,
    _S.CANCELED: EventName.CANCELED_AT_SEQR,
    _S.FAILED: EventName.FAILED_AT_SEQR,
    _S.EXPIRED: EventName.EXPIRED_AT_SEQR,
}


def _known_to_seqr(status: InvoiceStatus) -> dict[InvoiceStatus, EventName]:
    return {to: event for to, event in _SEQR_EVENTS.items() if to != status}


_PAID_AFTER_END = {
    _S.PAID: EventName.CORRECTED_TO_MATCH_SEQR,
    _S.DUPLICATE: EventName.DUPLICATE_PAYMENT_FOUND,
}
_REVERSED = dict.fromkeys(UNPAID_FINAL_STATUSES, EventName.PAYMENT_REVERSED)

TABLE: TransitionTable[InvoiceStatus] = {
    _S.CREATED: {
        _S.SENDING: EventName.SENDING_STARTED,
        _S.CANCELED: EventName.CANCELED_BEFORE_SENDING,
        _S.EXPIRED: EventName.EXPIRED_BEFORE_SENDING,
    },
    _S.SENDING: {
        _S.ISSUED: EventName.SENT,
        _S.FAILED: EventName.REFUSED_BY_SEQR,
        _S.CANCEL_PENDING: EventName.CANCEL_REQUESTED,
    },
    _S.ISSUED: _known_to_seqr(_S.ISSUED),
    _S.PENDING_ISSUER_ACKNOWLEDGE: _known_to_seqr(_S.PENDING_ISSUER_ACKNOWLEDGE),
    _S.RESERVED: _known_to_seqr(_S.RESERVED),
    _S.PARTIALLY_PAID: _known_to_seqr(_S.PARTIALLY_PAID),
    _S.NEEDS_ATTENTION: _known_to_seqr(_S.NEEDS_ATTENTION),
    _S.CANCEL_PENDING: {
        _S.PAID: EventName.CANCEL_REFUSED_AS_PAID,
        _S.DUPLICATE: EventName.DUPLICATE_PAYMENT_FOUND,
        _S.CANCELED: EventName.CANCEL_CONFIRMED,
        _S.EXPIRED: EventName.LIFETIME_ENDED,
        _S.FAILED: EventName.FAILED_AT_SEQR,
        _S.NEEDS_ATTENTION: EventName.ATTENTION_NEEDED,
    },
    _S.CANCELED: _PAID_AFTER_END,
    _S.FAILED: _PAID_AFTER_END,
    _S.EXPIRED: _PAID_AFTER_END,
    _S.PAID: _REVERSED,
    _S.DUPLICATE: {**_REVERSED, _S.PAID: EventName.DUPLICATE_PAYS_ORDER},
}

_ORDER_STATE = {
    _S.CREATED: OrderState.CREATED,
    _S.SENDING: OrderState.SENDING,
    _S.ISSUED: OrderState.AWAITING_PAYMENT,
    _S.PENDING_ISSUER_ACKNOWLEDGE: OrderState.AWAITING_PAYMENT,
    _S.RESERVED: OrderState.AWAITING_PAYMENT,
    _S.PARTIALLY_PAID: OrderState.AWAITING_PAYMENT,
    _S.NEEDS_ATTENTION: OrderState.NEEDS_ATTENTION,
    _S.CANCEL_PENDING: OrderState.CANCEL_PENDING,
    _S.CANCELED: OrderState.CANCELED,
    _S.FAILED: OrderState.FAILED,
    _S.EXPIRED: OrderState.EXPIRED,
}


def lock_invoice(invoice_id: int) -> Invoice:
    """Return the invoice with its order, both rows locked: the order first, always.

    Call it inside a transaction. Raises Invoice.DoesNotExist.
    """
    return _LOCKED.get(id=invoice_id)


def lock_free_invoices(invoice_ids: Sequence[int]) -> list[Invoice]:
    """Lock those of the invoices that nobody else has locked, and return them with their orders.

    Waits for no lock. Each invoice comes with the lock of its order.
    """
    return _LOCKED_UNLESS_BUSY.fetch(ids=list(invoice_ids))


def locked_invoices(*related: str, skip_locked: bool = False) -> QuerySet[Invoice]:
    """Select invoices with their orders and these related rows, and lock of each the order first.

    PostgreSQL locks in the order of `of`. After a wait for a lock it returns the order and the
    invoice as they are then, but all else that the statement reads as it was before.
    """
    rows = Invoice.objects.select_related("order", *related)
    return rows.select_for_update(of=("order", "self"), skip_locked=skip_locked, no_key=True)


_LOCKED = CompiledQuery(lambda: locked_invoices().filter(pk=Parameter("id", BigIntegerField())))
_LOCKED_UNLESS_BUSY = CompiledQuery(
    lambda: locked_invoices(skip_locked=True).filter(KeyIsAnyOf("ids"))
)


def transition_invoice(
    invoice: Invoice,
    to: InvoiceStatus,
    source: ChangeSource,
    *,
    detail: str = "",
    event: EventName | None = None,
    **fields: Any,
) -> bool:
    """Change a locked invoice's status, these other fields and its order; return whether it did.

    Called between `lock_invoice` and the transaction's end. `event` is recorded instead of the
    table's. Raises TransitionError.
    """
    from_state, captured = InvoiceStatus(invoice.status), captured_amount(invoice)
    change = prepare_transition(invoice, to, TABLE, source, detail=detail, event=event, **fields)
    if change is None:
        return False
    of_order = _order_change(invoice, from_state, source)
    with transaction.atomic(savepoint=False):
        save_changes([change] if of_order is None else [change, of_order])
        if from_state not in CAPTURED_STATUSES and to in CAPTURED_STATUSES:
            issue_receipts([_receipt_of(invoice)])
            _count_recorded([invoice])
        elif from_state in CAPTURED_STATUSES and to not in CAPTURED_STATUSES:
            withdraw_unsent_refunds(invoice, source)
            _credit_reversal(invoice, captured)
    return True


def transition_to_paid(
    payments: Sequence[tuple[Invoice, Mapping[str, Any]]],
    source: ChangeSource,
    calls: Sequence[AuditEvent],
) -> None:
    """Change several locked invoices to PAID with these fields, and their orders to paid.

    Does what `transition_invoice` does, in four statements for all, which also record the calls
    that SEQR answered. Each invoice is the only payment of its order, and its amount does not
    differ. Raises TransitionError.
    """
    invoices = [
        prepare_transition(invoice, _S.PAID, TABLE, source, **fields)
        for invoice, fields in payments
    ]
    orders = [
        prepare_order_transition(invoice.order, invoice.order.progress, source)
        for invoice, _ in payments
    ]
    save_changes([each for each in (*invoices, *orders) if each is not None], calls=calls)
    issue_receipts([_receipt_of(invoice) for invoice, _ in payments])
    _count_recorded([invoice for invoice, _ in payments])


def _count_recorded(paid: Sequence[Invoice]) -> None:
    """Count the time from each payment, by SEQR's receipt, to the commit of its record here."""
    times = [invoice.paid_at_seqr for invoice in paid if invoice.paid_at_seqr is not None]
    transaction.on_commit(partial(_count_recorded_now, times), robust=True)


def _count_recorded_now(times: Sequence[datetime]) -> None:
    now = datetime.now(UTC)
    for paid_at in times:
        PAYMENT_RECORDING_SECONDS.observe(max(0.0, (now - paid_at).total_seconds()))


def _receipt_of(invoice: Invoice) -> NewReceipt:
    return NewReceipt(ReceiptKind.PAYMENT, invoice, captured_amount(invoice))


def _credit_reversal(invoice: Invoice, captured: Decimal) -> None:
    """Issue the credit receipt of a reversed payment, over what was not refunded of it."""
    rest = captured - refunded_amount(invoice)
    if rest > 0:
        issue_receipts([NewReceipt(ReceiptKind.REVERSAL, invoice, rest)])


def _order_change(
    invoice: Invoice, from_state: InvoiceStatus, source: ChangeSource
) -> Change | None:
    """Prepare the change of the order of an invoice whose own change is prepared, if any."""
    order, to = invoice.order, InvoiceStatus(invoice.status)
    if to == _S.DUPLICATE or (from_state == _S.DUPLICATE and to != _S.PAID):
        return None  # a duplicate payment never decides its order's state
    if from_state == _S.PAID:
        # The money was reversed; the goods may have been served.
        return prepare_order_transition(order, OrderState.NEEDS_ATTENTION, source)
    if to == _S.PAID and paid_differs(invoice):
        return prepare_order_transition(order, OrderState.NEEDS_ATTENTION, source)
    if order_paid_by_another(invoice):
        return None
    order_state = order.progress if to == _S.PAID else _ORDER_STATE[to]
    return prepare_order_transition(order, order_state, source)


def order_paid_by_another(invoice: Invoice) -> bool:
    """Return whether another invoice has paid this one's order, by the order read with it.

    Both are locked, or have just been read in one statement. The order's state answers without a
    query that no invoice has paid it.
    """
    return invoice.order.state not in UNPAID_STATES and paid_by_another(invoice)


def paid_by_another(invoice: Invoice) -> bool:
    """Return whether another invoice has paid this one's order."""
    return (
        Invoice.objects.filter(order_id=invoice.order_id, status=_S.PAID)
        .exclude(pk=invoice.pk)
        .exists()
    )


def paid_differs(invoice: Invoice) -> bool:
    """Return whether SEQR's receipt has another amount or currency than the invoice.

    A receipt without an amount differs only if SEQR may not know the invoice's discount.
    """
    if invoice.paid_amount is None:
        return invoice.discount_unconfirmed
    return (invoice.paid_amount, invoice.paid_currency) != (invoice.amount, invoice.currency)


def unpaid_final_status(reason: str) -> InvoiceStatus:
    """Return the status of an invoice after SEQR has confirmed a cancel for this reason."""
    return _S.EXPIRED if reason == CancelReason.LIFETIME else _S.CANCELED
