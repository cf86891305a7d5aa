"""The only writer of `Invoice.status`.

One table of edges, each with the name of its event; one function, which holds the rows' locks and
writes the invoice, its event and the order's state in one transaction. A replay writes nothing.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from orders.audit import ChangeSource, Subject, record_event, record_event_once
from orders.models import Order, OrderState, SubjectType
from orders.publishing import publish_on_commit
from orders.transitions import transition_order
from payments.models import CUSTOMER_VISIBLE_FIELDS, CancelReason, Invoice, InvoiceStatus

_S = InvoiceStatus

_SEQR_EVENTS = {
    _S.ISSUED: "issued_again",
    _S.PENDING_ISSUER_ACKNOWLEDGE: "acknowledgment_awaited",
    _S.RESERVED: "amount_reserved",
    _S.PARTIALLY_PAID: "partially_paid",
    _S.NEEDS_ATTENTION: "attention_needed",
    _S.CANCEL_PENDING: "cancel_requested",
    _S.PAID: "payment_confirmed",
    _S.CANCELED: "canceled_at_seqr",
    _S.FAILED: "failed_at_seqr",
    _S.EXPIRED: "expired_at_seqr",
}


def _known_to_seqr(status: InvoiceStatus) -> dict[InvoiceStatus, str]:
    return {to: event for to, event in _SEQR_EVENTS.items() if to != status}


TABLE: dict[InvoiceStatus, dict[InvoiceStatus, str]] = {
    _S.CREATED: {
        _S.SENDING: "sending_started",
        _S.CANCELED: "canceled_before_sending",
        _S.EXPIRED: "expired_before_sending",
    },
    _S.SENDING: {
        _S.ISSUED: "sent",
        _S.FAILED: "refused_by_seqr",
        _S.CANCEL_PENDING: "cancel_requested",
    },
    _S.ISSUED: _known_to_seqr(_S.ISSUED),
    _S.PENDING_ISSUER_ACKNOWLEDGE: _known_to_seqr(_S.PENDING_ISSUER_ACKNOWLEDGE),
    _S.RESERVED: _known_to_seqr(_S.RESERVED),
    _S.PARTIALLY_PAID: _known_to_seqr(_S.PARTIALLY_PAID),
    _S.NEEDS_ATTENTION: _known_to_seqr(_S.NEEDS_ATTENTION),
    _S.CANCEL_PENDING: {
        _S.PAID: "cancel_refused_as_paid",
        _S.CANCELED: "cancel_confirmed",
        _S.EXPIRED: "lifetime_ended",
        _S.FAILED: "failed_at_seqr",
        _S.NEEDS_ATTENTION: "attention_needed",
    },
    _S.CANCELED: {_S.PAID: "corrected_to_match_seqr"},
    _S.FAILED: {_S.PAID: "corrected_to_match_seqr"},
    _S.EXPIRED: {_S.PAID: "corrected_to_match_seqr"},
    _S.PAID: {_S.CANCELED: "payment_reversed", _S.FAILED: "payment_reversed"},
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


class TransitionError(Exception):
    """The invoice may not go from the status it has to the one asked for."""


def lock_invoice(invoice_id: int) -> Invoice:
    """Return the invoice with its order, both rows locked: the order first, always.

    To be called inside a transaction. Raises Invoice.DoesNotExist.
    """
    order = lock_order_of(invoice_id)
    invoice = Invoice.objects.select_for_update().get(pk=invoice_id)
    invoice.order = order
    return invoice


def lock_order_of(invoice_id: int) -> Order:
    """Return an invoice's order, its row locked. Raises Invoice.DoesNotExist."""
    try:
        return Order.objects.select_for_update(of=("self",)).get(invoices=invoice_id)
    except Order.DoesNotExist:
        raise Invoice.DoesNotExist(f"There is no invoice {invoice_id}.") from None


def transition(
    invoice: Invoice, to: InvoiceStatus, source: ChangeSource, *, detail: str = "", **fields: Any
) -> bool:
    """Move a locked invoice, with these other fields of it, and its order; return whether it moved.

    To be called between `lock_invoice` and the transaction's end. An invoice that is there already
    is left as it is. Raises TransitionError for an edge that the table does not have.
    """
    from_state = InvoiceStatus(invoice.status)
    if from_state == to:
        return False
    event = TABLE[from_state].get(to)
    if event is None:
        raise TransitionError(f"{invoice} cannot go from {from_state} to {to}.")
    with transaction.atomic(savepoint=False):
        save_fields(invoice, status=to, **fields)
        record(invoice, event, source, detail=detail, from_state=from_state, to_state=to)
        _move_order(invoice, from_state, to, source)
    return True


def save_fields(invoice: Invoice, **fields: Any) -> None:
    """Write these fields of a locked invoice."""
    for name, value in fields.items():
        setattr(invoice, name, value)
    invoice.save(update_fields=list(fields))
    if not fields.keys().isdisjoint(CUSTOMER_VISIBLE_FIELDS):
        publish_on_commit(invoice.order.public_id)


def subject_of(invoice: Invoice) -> Subject:
    """Return the invoice as what an event is about."""
    return Subject(SubjectType.INVOICE, invoice.pk, invoice.client_invoice_id, invoice.order_id)


def record(
    invoice: Invoice, event: str, source: ChangeSource, *, detail: str = "", **fields: Any
) -> None:
    """Write an event of the invoice, in the transaction that it belongs to."""
    record_event(subject_of(invoice), event, source, detail=detail, **fields)


def record_once(invoice: Invoice, event: str, source: ChangeSource, *, detail: str = "") -> bool:
    """Write an event unless the latest one says the same; return whether it was written."""
    return record_event_once(subject_of(invoice), event, source, detail=detail)


def _move_order(
    invoice: Invoice, from_state: InvoiceStatus, to: InvoiceStatus, source: ChangeSource
) -> None:
    order = invoice.order
    if from_state == _S.PAID:
        # The money went back, the goods perhaps not.
        transition_order(order, OrderState.NEEDS_ATTENTION, source)
    elif to == _S.PAID and paid_differs(invoice):
        transition_order(order, OrderState.NEEDS_ATTENTION, source)
    elif not paid_by_another(invoice):
        transition_order(order, _ORDER_STATE[to], source)


def paid_by_another(invoice: Invoice) -> bool:
    """Whether another invoice has paid this one's order."""
    return (
        Invoice.objects.filter(order_id=invoice.order_id, status=_S.PAID)
        .exclude(pk=invoice.pk)
        .exists()
    )


def paid_differs(invoice: Invoice) -> bool:
    """Whether SEQR's receipt tells another amount or currency than the invoice.

    Or none, where SEQR may not know of the invoice's discount.
    """
    if invoice.paid_amount is None:
        return invoice.discount_unconfirmed
    return (invoice.paid_amount, invoice.paid_currency) != (invoice.amount, invoice.currency)


def unpaid_final_status(reason: str) -> InvoiceStatus:
    """Return what an invoice becomes once SEQR has confirmed a cancel wanted for this reason."""
    return _S.EXPIRED if reason == CancelReason.LIFETIME else _S.CANCELED
