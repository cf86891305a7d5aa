"""The only writer of `Order.state`."""

from orders.audit import ChangeSource, Subject, record_event
from orders.models import Order, OrderState, SubjectType
from orders.publishing import publish_on_commit

_S = OrderState

TABLE: dict[OrderState, frozenset[OrderState]] = {
    # CREATED and SENDING lead to PAID where an earlier invoice turns out to be paid.
    _S.CREATED: frozenset(
        {_S.SENDING, _S.CANCEL_PENDING, _S.CANCELED, _S.EXPIRED, _S.PAID, _S.NEEDS_ATTENTION}
    ),
    _S.SENDING: frozenset(
        {
            _S.AWAITING_PAYMENT,
            _S.CANCEL_PENDING,
            _S.FAILED,
            _S.PAID,
            _S.NEEDS_ATTENTION,
        }
    ),
    _S.AWAITING_PAYMENT: frozenset(
        {_S.PAID, _S.CANCEL_PENDING, _S.CANCELED, _S.EXPIRED, _S.FAILED, _S.NEEDS_ATTENTION}
    ),
    _S.CANCEL_PENDING: frozenset({_S.PAID, _S.CANCELED, _S.EXPIRED, _S.FAILED, _S.NEEDS_ATTENTION}),
    _S.NEEDS_ATTENTION: frozenset(
        {
            _S.AWAITING_PAYMENT,
            _S.PAID,
            _S.CANCEL_PENDING,
            _S.CANCELED,
            _S.EXPIRED,
            _S.FAILED,
            _S.PARTLY_REFUNDED,
            _S.REFUNDED,
        }
    ),
    _S.CANCELED: frozenset({_S.CREATED, _S.PAID, _S.NEEDS_ATTENTION}),
    _S.FAILED: frozenset({_S.CREATED, _S.PAID, _S.NEEDS_ATTENTION}),
    _S.EXPIRED: frozenset({_S.CREATED, _S.PAID, _S.NEEDS_ATTENTION}),
    _S.PAID: frozenset({_S.SERVED, _S.PARTLY_REFUNDED, _S.REFUNDED, _S.NEEDS_ATTENTION}),
    _S.SERVED: frozenset({_S.PARTLY_REFUNDED, _S.REFUNDED, _S.NEEDS_ATTENTION}),
    _S.PARTLY_REFUNDED: frozenset({_S.REFUNDED, _S.NEEDS_ATTENTION}),
    _S.REFUNDED: frozenset({_S.NEEDS_ATTENTION}),
}


class OrderMoveError(Exception):
    """The order may not go from the state it is in to the one asked for."""


def transition_order(order: Order, to: OrderState, source: ChangeSource) -> bool:
    """Write the order's state and its event; return whether it changed.

    The caller holds the order's row lock (`lock_order`). Raises OrderMoveError for a move that
    the table does not have.
    """
    if order.state == to:
        return False
    if to not in TABLE[OrderState(order.state)]:
        raise OrderMoveError(f"{order} cannot go from {order.state} to {to}.")
    from_state = order.state
    order.state = to
    order.save(update_fields=["state"])
    record_event(subject_of(order), f"order_{to}", source, from_state=from_state, to_state=to)
    publish_on_commit(order.public_id)
    return True


def subject_of(order: Order) -> Subject:
    """Return the order as what an event is about."""
    return Subject(SubjectType.ORDER, order.pk, order.number, order.pk)


def lock_order(order_id: int) -> Order:
    """Return the order, its row locked until the transaction ends."""
    return Order.objects.select_for_update().get(pk=order_id)
