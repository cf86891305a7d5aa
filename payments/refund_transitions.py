"""The only writer of `Refund.status`.

It stands below the invoices, since a payment that SEQR reverses withdraws its refunds.
"""

from typing import Any

from django.db import transaction

from orders.audit import ChangeSource
from orders.models import EventName
from orders.state_machine import TransitionTable, apply_transition
from payments.balance import update_order_refund_state
from payments.models import Refund, RefundStatus

_S = RefundStatus

TABLE: TransitionTable[RefundStatus] = {
    _S.REQUESTED: {_S.CREATED: EventName.REFUND_APPROVED, _S.WITHDRAWN: EventName.REFUND_WITHDRAWN},
    _S.CREATED: {
        _S.SENDING: EventName.REFUND_SENDING_STARTED,
        _S.WITHDRAWN: EventName.REFUND_WITHDRAWN,
    },
    _S.SENDING: {
        _S.CREATED: EventName.REFUND_DEFERRED,
        _S.REFUNDED: EventName.REFUND_COMPLETED,
        _S.REJECTED: EventName.REFUND_REJECTED,
        _S.UNKNOWN: EventName.REFUND_OUTCOME_UNKNOWN,
    },
    # By SEQR's late answer, or by a person.
    _S.UNKNOWN: {
        _S.REFUNDED: EventName.REFUND_RESOLVED_AS_REFUNDED,
        _S.REJECTED: EventName.REFUND_RESOLVED_AS_NOT_REFUNDED,
    },
    _S.REFUNDED: {},
    # Resolved as not refunded, before SEQR's late answer says otherwise.
    _S.REJECTED: {_S.REFUNDED: EventName.CORRECTED_TO_MATCH_SEQR},
    _S.WITHDRAWN: {},
}


def transition_refund(
    refund: Refund, to: RefundStatus, source: ChangeSource, *, detail: str = "", **fields: Any
) -> bool:
    """Change a locked refund's status and these fields; return whether the status changed.

    REFUNDED changes the order's state too. Raises TransitionError.
    """
    with transaction.atomic(savepoint=False):
        changed = apply_transition(refund, to, TABLE, source, detail=detail, **fields)
        if changed and to == _S.REFUNDED:
            update_order_refund_state(refund.invoice, source)
    return changed
