"""The only writer of `Refund.status`.

The order's row is locked first, then the invoice's, then the refund's: so the sum of an invoice's
refunds cannot change while one of them is created or changed.
"""

from typing import Any

from django.db import transaction

from orders.audit import ChangeSource
from orders.models import EventName
from orders.state_machine import TransitionTable, apply_transition
from payments.balance import update_order_refund_state
from payments.invoices.transitions import lock_invoice
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
        _S.REFUSED: EventName.REFUND_REFUSED,
        _S.UNKNOWN: EventName.REFUND_OUTCOME_UNKNOWN,
    },
    # A late answer may still arrive; else a person says what became of it.
    _S.UNKNOWN: {
        _S.REFUNDED: EventName.REFUND_RESOLVED_AS_REFUNDED,
        _S.REFUSED: EventName.REFUND_RESOLVED_AS_NOT_REFUNDED,
    },
    _S.REFUNDED: {},
    # Settled as not done, and then SEQR's answer arrives.
    _S.REFUSED: {_S.REFUNDED: EventName.CORRECTED_TO_MATCH_SEQR},
    _S.WITHDRAWN: {},
}


def lock_refund(refund_id: int) -> Refund:
    """Return the refund with its invoice and order, all rows locked, in the one order.

    To be called inside a transaction. Raises Refund.DoesNotExist.
    """
    invoice_id = Refund.objects.values_list("invoice_id", flat=True).get(pk=refund_id)
    invoice = lock_invoice(invoice_id)
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    refund.invoice = invoice
    return refund


def transition_refund(
    refund: Refund, to: RefundStatus, source: ChangeSource, *, detail: str = "", **fields: Any
) -> bool:
    """Change a locked refund's status and these other fields; return whether it changed.

    A completed refund changes its order's state too. Raises TransitionError.
    """
    with transaction.atomic(savepoint=False):
        changed = apply_transition(refund, to, TABLE, source, detail=detail, **fields)
        if changed and to == _S.REFUNDED:
            update_order_refund_state(refund.invoice, source)
    return changed
