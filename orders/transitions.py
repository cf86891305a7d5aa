"""The only writer of `Order.state`."""

from typing import Any

from orders.audit import ChangeSource
from orders.models import EventName, Order, OrderState
from orders.models.order import PROGRESS_FIELDS
from orders.state_machine import Change, TransitionTable, apply_transition, prepare_transition

_S = OrderState


def _to(*states: OrderState) -> dict[OrderState, EventName]:
    return {state: EventName(f"order_{state}") for state in states}


# An order that is paid takes the state of its progress: its goods may have been prepared or served
# before the payment was reversed.
_PAID = dict.fromkeys((_S.PAID, *PROGRESS_FIELDS), EventName.ORDER_PAID)
_REFUNDED = _to(_S.PARTLY_REFUNDED, _S.REFUNDED, _S.NEEDS_ATTENTION)


def _undo_to(*states: OrderState) -> dict[OrderState, EventName]:
    return dict.fromkeys(states, EventName.ORDER_STEP_UNDONE)


TABLE: TransitionTable[OrderState] = {
    # CREATED and SENDING lead to PAID where an earlier invoice turns out to be paid.
    _S.CREATED: _PAID
    | _to(_S.SENDING, _S.CANCEL_PENDING, _S.CANCELED, _S.EXPIRED, _S.NEEDS_ATTENTION),
    _S.SENDING: _PAID | _to(_S.AWAITING_PAYMENT, _S.CANCEL_PENDING, _S.FAILED, _S.NEEDS_ATTENTION),
    _S.AWAITING_PAYMENT: _PAID
    | _to(_S.CANCEL_PENDING, _S.CANCELED, _S.EXPIRED, _S.FAILED, _S.NEEDS_ATTENTION),
    _S.CANCEL_PENDING: _PAID | _to(_S.CANCELED, _S.EXPIRED, _S.FAILED, _S.NEEDS_ATTENTION),
    _S.NEEDS_ATTENTION: _PAID
    | _to(_S.AWAITING_PAYMENT, _S.CANCEL_PENDING, _S.CANCELED, _S.EXPIRED, _S.FAILED),
    _S.CANCELED: _PAID | _to(_S.CREATED, _S.NEEDS_ATTENTION),
    _S.FAILED: _PAID | _to(_S.CREATED, _S.NEEDS_ATTENTION),
    _S.EXPIRED: _PAID | _to(_S.CREATED, _S.NEEDS_ATTENTION),
    _S.PAID: _REFUNDED | _to(_S.PREPARING, _S.READY, _S.SERVED),
    _S.PREPARING: _REFUNDED | _to(_S.READY, _S.SERVED) | _undo_to(_S.PAID),
    _S.READY: _REFUNDED | _to(_S.SERVED) | _undo_to(_S.PAID, _S.PREPARING),
    _S.SERVED: _REFUNDED | _undo_to(_S.PAID, _S.PREPARING, _S.READY),
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
