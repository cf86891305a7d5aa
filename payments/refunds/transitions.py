"""The only writer of `Refund.status`.

The order's row is locked, then the invoice's, then the refund's: so the sum of an invoice's refunds
stands still while one of them is made or moved.
"""

from typing import Any

from django.db import transaction

from orders.audit import ChangeSource, Subject, record_event
from orders.models import SubjectType
from payments.balance import update_order_refund_state
from payments.invoices.transitions import lock_invoice
from payments.models import Refund, RefundStatus

_S = RefundStatus

TABLE: dict[RefundStatus, dict[RefundStatus, str]] = {
    _S.REQUESTED: {_S.CREATED: "refund_approved", _S.WITHDRAWN: "refund_withdrawn"},
    _S.CREATED: {_S.SENDING: "refund_sending", _S.WITHDRAWN: "refund_withdrawn"},
    _S.SENDING: {
        _S.CREATED: "refund_put_off",
        _S.REFUNDED: "refund_done",
        _S.REFUSED: "refund_refused",
        _S.UNKNOWN: "refund_outcome_unknown",
    },
    # A late answer may still arrive; else a person says what became of it.
    _S.UNKNOWN: {_S.REFUNDED: "refund_settled_as_done", _S.REFUSED: "refund_settled_as_not_done"},
    _S.REFUNDED: {},
    # Settled as not done, and then SEQR's answer arrives.
    _S.REFUSED: {_S.REFUNDED: "corrected_to_match_seqr"},
    _S.WITHDRAWN: {},
}


class RefundMoveError(Exception):
    """The refund may not go from the status it has to the one asked for."""


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
    """Move a locked refund, with these other fields of it; return whether it moved.

    Once money went back, the order's state follows. Raises RefundMoveError for an edge that the
    table does not have.
    """
    from_state = RefundStatus(refund.status)
    if from_state == to:
        return False
    event = TABLE[from_state].get(to)
    if event is None:
        raise RefundMoveError(f"{refund} cannot go from {from_state} to {to}.")
    with transaction.atomic():
        for name, value in {"status": to, **fields}.items():
            setattr(refund, name, value)
        refund.save(update_fields=["status", *fields])
        record_event(
            subject_of(refund), event, source, detail=detail, from_state=from_state, to_state=to
        )
        if to == _S.REFUNDED:
            update_order_refund_state(refund.invoice, source)
    return True


def subject_of(refund: Refund) -> Subject:
    """Return the refund as what an event is about."""
    return Subject(SubjectType.REFUND, refund.pk, str(refund.pk), refund.invoice.order_id)
