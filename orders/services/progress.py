"""Records how far the kitchen has come with paid orders, and undoes its steps."""

from datetime import datetime

from django.db import transaction

from orders.audit import ChangeSource, record_event
from orders.clock import SAVED_NOW, DatabaseTime
from orders.models import EventName, Order, OrderState
from orders.models.order import PROGRESS_FIELDS, SERVABLE_STATES
from orders.state_machine import TransitionError, save_fields
from orders.transitions import lock_order, transition_order

_SEQUENCE = (OrderState.PAID, *PROGRESS_FIELDS)


@transaction.atomic
def advance_order(order_id: int, step: OrderState, source: ChangeSource) -> bool:
    """Record a step of the kitchen; return whether that changed the order.

    `step` is PREPARING, READY or SERVED; the steps before it may be skipped. An order that has come
    as far already is left unchanged, since two screens show the same order. A partly refunded order
    keeps its state. Raises TransitionError unless the order is paid.
    """
    order = lock_order(order_id)
    if _SEQUENCE.index(order.progress) >= _SEQUENCE.index(step):
        return False
    return _change_progress(order, step, SAVED_NOW, EventName(f"order_{step}"), source)


@transaction.atomic
def undo_step(order_id: int, step: OrderState, source: ChangeSource) -> bool:
    """Undo the kitchen's latest step; return whether that changed the order.

    An order whose latest step is another one is left unchanged: another screen has changed it.
    Raises TransitionError if the order is not paid, or refunded in full.
    """
    order = lock_order(order_id)
    if order.progress != step:
        return False
    return _change_progress(order, step, None, EventName.ORDER_STEP_UNDONE, source)


def serve_order(order_id: int, source: ChangeSource) -> bool:
    """Mark a paid order as served, also a partly refunded one; return whether that changed it.

    Raises TransitionError unless the order is paid.
    """
    return advance_order(order_id, OrderState.SERVED, source)


def _change_progress(
    order: Order,
    step: OrderState,
    time: datetime | DatabaseTime | None,
    event: EventName,
    source: ChangeSource,
) -> bool:
    """Set or clear the time of a locked order's step, with the state that follows from it."""
    if order.state not in (*SERVABLE_STATES, OrderState.SERVED):
        raise TransitionError(f"{order} is {order.state}, and not to be served.")
    from_progress, time_field = order.progress, PROGRESS_FIELDS[step]
    setattr(order, time_field, time)
    if order.state != OrderState.PARTLY_REFUNDED:
        return transition_order(order, order.progress, source, **{time_field: time})
    save_fields(order, **{time_field: time})
    record_event(order, event, source, detail=f"{from_progress} to {order.progress}")
    return True
