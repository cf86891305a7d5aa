"""The only writer of `Order.state`."""

from typing import Any

from orders.audit import ChangeSource
from orders.models import EventName, Order, OrderState
from orders.state_machine import Change, TransitionTable, apply_transition, prepare_transition

_S = OrderState


def _to(*states: OrderState) -> dict[OrderState, EventName]:
    return {state: EventName(f"order_{state}") for state in states}


TABLE: TransitionTable[OrderState] = {
    # CREATED and SENDING lead to PAID where an earlier invoice turns out to be paid.
    _S.CREATED: _to(
        _S.SENDING, _S.CANCEL_PENDING, _S.CANCELED, _S.EXPIRED, _S.PAID, _S.NEEDS_ATTENTION
    ),
    _S.SENDING: _to(
        _S.AWAITING_PAYMENT,
        _S.CANCEL_PENDING,
        _S.FAILED,
        _S.PAID,
        _S.NEEDS_ATTENTION,
    ),
    _S.AWAITING_PAYMENT: _to(
        _S.PAID, _S.CANCEL_PENDING, _S.CANCELED, _S.EXPIRED, _S.FAILED, _S.NEEDS_ATTENTION
    ),
    _S.CANCEL_PENDING: _to(_S.PAID, _S.CANCELED, _S.EXPIRED, _S.FAILED, _S.NEEDS_ATTENTION),
    _S.NEEDS_ATTENTION: _to(
        _S.AWAITING_PAYMENT,
        _S.PAID,
        _S.CANCEL_PENDING,
        _S.CANCELED,
        _S.EXPIRED,
        _S.FAILED,
    ),
    _S.CANCELED: _to(_S.CREATED, _S.PAID, _S.NEEDS_ATTENTION),
    _S.FAILED: _to(_S.CREATED, _S.PAID, _S.NEEDS_ATTENTION),
    _S.EXPIRED: _to(_S.CREATED, _S.PAID, _S.NEEDS_ATTENTION),
    _S.PAID: _to(_S.SERVED, _S.PARTLY_REFUNDED, _S.REFUNDED, _S.NEEDS_ATTENTION),
    _S.SERVED: _to(_S.PARTLY_REFUNDED, _S.REFUNDED, _S.NEEDS_ATTENTION),
    _S.PARTLY_REFUNDED: _to(_S.REFUNDED, _S.NEEDS_ATTENTION),
    _S.REFUNDED: _to(_S.NEEDS_ATTENTION),
}


def transition_order(order: Order, to: OrderState, source: ChangeSource, **fields: Any) -> bool:
    """Change a locked order's state and these other fields; return whether the state changed.

    The caller holds the order's row lock (`lock_order`). Raises TransitionError.
    """
    return apply_transition(order, to, TABLE, source, **fields)


def prepare_order_transition(order: Order, to: OrderState, source: ChangeSource) -> Change | None:
    """Change a locked order's state in memory only; return what `save_changes` has to save.

    Raises TransitionError.
    """
    return prepare_transition(order, to, TABLE, source)


def lock_order(order_id: int) -> Order:
    """Return the order, its row locked until the transaction ends."""
    return Order.objects.select_for_update(no_key=True).get(pk=order_id)
