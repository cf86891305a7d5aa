"""The only writer of `Invoice.status`.

An invoice, its event and its order's state change in one transaction, under the locks of both rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from orders.audit import ChangeSource
from orders.models import EventName, Order, OrderState
from orders.state_machine import TransitionTable, apply_transition, apply_transitions
from orders.transitions import transition_order, transition_orders
from payments.models import (
    CAPTURED_STATUSES,
    UNPAID_FINAL_STATUSES,
    CancelReason,
    Invoice,
    InvoiceStatus,
)
from payments.refund_transitions import withdraw_unsent_refunds

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
    _S.PAID: OrderState.PAID,
    _S.CANCELED: OrderState.CANCELED,
    _S.FAILED: OrderState.FAILED,
    _S.EXPIRED: OrderState.EXPIRED,
}


def lock_invoice(invoice_id: int) -> Invoice:
    """Return the invoice with its order, both rows locked: the order first, always.

    Call it inside a transaction. Raises Invoice.DoesNotExist.
    """
    order = lock_order_of(invoice_id)
    invoice = Invoice.objects.select_for_update(no_key=True).get(pk=invoice_id)
    invoice.order = order
    return invoice


def lock_free_invoices(invoice_ids: Sequence[int]) -> list[Invoice]:
    """Lock those of the invoices that nobody else has locked, and return them with their orders.

    Waits for no lock. Each invoice comes with the lock of its order.
    """
    rows = Invoice.objects.select_related("order").filter(pk__in=invoice_ids)
    return list(rows.select_for_update(of=("order", "self"), skip_locked=True, no_key=True))


def lock_order_of(invoice_id: int) -> Order:
    """Return an invoice's order, its row locked. Raises Invoice.DoesNotExist."""
    try:
        return Order.objects.select_for_update(of=("self",), no_key=True).get(invoices=invoice_id)
    except Order.DoesNotExist:
        raise Invoice.DoesNotExist(f"There is no invoice {invoice_id}.") from None


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
    from_state = InvoiceStatus(invoice.status)
    with transaction.atomic(savepoint=False):
        changed = apply_transition(invoice, to, TABLE, source, detail=detail, event=event, **fields)
        if changed:
            _transition_order_of(invoice, from_state, source)
            if from_state in CAPTURED_STATUSES and to not in CAPTURED_STATUSES:
                withdraw_unsent_refunds(invoice, source)
    return changed


def transition_to_paid(
    payments: Sequence[tuple[Invoice, Mapping[str, Any]]], source: ChangeSource
) -> None:
    """Change several locked invoices to PAID with these fields, and their orders to paid.

    Does what `transition_invoice` does, in four statements for all. Each is the only payment of its
    order, and its amount does not differ. Raises TransitionError.
    """
    with transaction.atomic(savepoint=False):
        apply_transitions(payments, _S.PAID, TABLE, source)
        transition_orders([invoice.order for invoice, _ in payments], OrderState.PAID, source)


def _transition_order_of(invoice: Invoice, from_state: InvoiceStatus, source: ChangeSource) -> None:
    order, to = invoice.order, InvoiceStatus(invoice.status)
    if to == _S.DUPLICATE or (from_state == _S.DUPLICATE and to != _S.PAID):
        return  # a duplicate payment never decides its order's state
    if from_state == _S.PAID:
        # The money was reversed; the goods may have been served.
        transition_order(order, OrderState.NEEDS_ATTENTION, source)
    elif to == _S.PAID and paid_differs(invoice):
        transition_order(order, OrderState.NEEDS_ATTENTION, source)
    elif not paid_by_another(invoice):
        transition_order(order, _ORDER_STATE[to], source)


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
