"""The only writer of `Refund.status`.

It stands below the invoices, since a payment that SEQR reverses withdraws its refunds.
"""

from typing import Any

from django.db import transaction

from orders.audit import ChangeSource
from orders.models import EventName
from orders.state_machine import TransitionTable, apply_transition
from payments.balance import captured_amount, refunded_amount, update_order_refund_state
from payments.cases.cases import close_cases_of, close_refund_cases
from payments.issue_receipts import NewReceipt, issue_receipts
from payments.models import (
    UNSENT_REFUND_STATUSES,
    CaseKind,
    Invoice,
    InvoiceStatus,
    ReceiptKind,
    Refund,
    RefundStatus,
    WithdrawalReason,
)

_S = RefundStatus

# In the audit, which has one language.
_WITHDRAWAL_DETAILS = {
    WithdrawalReason.STAFF: "the refund was withdrawn",
    WithdrawalReason.DECLINED: "a colleague declined the refund",
    WithdrawalReason.NOT_PAID: "the payment is no longer paid",
    WithdrawalReason.EXCEEDS_PAYMENT: "the refunds would exceed the paid amount",
}

TABLE: TransitionTable[RefundStatus] = {
    # UNKNOWN after the database has lost transactions, in which SEQR may have made the refund.
    _S.REQUESTED: {
        _S.CREATED: EventName.REFUND_APPROVED,
        _S.WITHDRAWN: EventName.REFUND_WITHDRAWN,
        _S.UNKNOWN: EventName.REFUND_POSSIBLY_MADE,
    },
    _S.CREATED: {
        _S.SENDING: EventName.REFUND_SENDING_STARTED,
        _S.WITHDRAWN: EventName.REFUND_WITHDRAWN,
        _S.UNKNOWN: EventName.REFUND_POSSIBLY_MADE,
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

    REFUNDED changes the order's state too, and issues the credit receipt. Raises TransitionError.
    """
    with transaction.atomic(savepoint=False):
        changed = apply_transition(refund, to, TABLE, source, detail=detail, **fields)
        if changed and to == _S.REFUNDED:
            issue_receipts([_credit_receipt(refund)])
            update_order_refund_state(refund.invoice, source)
            _close_refunded_duplicate(refund.invoice, source)
    return changed


def _credit_receipt(refund: Refund) -> NewReceipt:
    return NewReceipt(ReceiptKind.REFUND, refund.invoice, refund.amount, refund)


def _close_refunded_duplicate(invoice: Invoice, source: ChangeSource) -> None:
    """Close the case of an invoice whose duplicate payment is refunded in full."""
    is_duplicate = invoice.status == InvoiceStatus.DUPLICATE
    if is_duplicate and refunded_amount(invoice) >= captured_amount(invoice):
        reason = "the duplicate payment has been refunded"
        close_cases_of(invoice, (CaseKind.DUPLICATE_PAYMENT,), source, reason)


def withdraw_locked_refund(refund: Refund, reason: WithdrawalReason, source: ChangeSource) -> None:
    """Withdraw a locked refund that has not been sent, and close its cases."""
    detail = _WITHDRAWAL_DETAILS[reason]
    transition_refund(refund, _S.WITHDRAWN, source, detail=detail, withdrawal_reason=reason)
    close_refund_cases(refund, source, detail)


def withdraw_unsent_refunds(invoice: Invoice, source: ChangeSource) -> None:
    """Withdraw the unsent refunds of a locked invoice that is no longer paid."""
    unsent = Refund.objects.filter(invoice=invoice, status__in=UNSENT_REFUND_STATUSES)
    for refund in unsent.order_by("pk").select_for_update(no_key=True):
        refund.invoice = invoice
        withdraw_locked_refund(refund, WithdrawalReason.NOT_PAID, source)
