"""Sends refunds to SEQR, each once, and records their outcomes."""

from datetime import timedelta

from django.db import transaction

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName
from payments.balance import reason_not_to_send
from payments.call_audit import audited_client
from payments.cases.cases import (
    close_configuration_cases,
    close_refund_cases,
    open_configuration_case,
    open_refund_case,
    open_refund_mismatch_case,
    open_refund_reference_case,
    open_stuck_refund_case,
)
from payments.invoices.payloads import refund_payload
from payments.invoices.unconfirmed import is_unconfirmed
from payments.leases import LEASE
from payments.models import Refund, RefundStatus
from payments.refund_transitions import transition_refund, withdraw_locked_refund
from payments.refunds.hold import SendingHeld, refunds_are_held, require_complete_database
from payments.refunds.locks import lock_refund
from payments.refunds.rejection import rejection_reason
from payments.seqr import (
    SeqrConfigurationError,
    SeqrError,
    SeqrRejected,
    SeqrUnavailable,
    is_shortened,
)

SOURCE = ChangeSource(SourceName.SEND_REFUND)
RETRY_PAUSE = timedelta(seconds=30)
STUCK_AFTER = timedelta(hours=1)  # from the request


def send_refund(refund_id: int) -> None:
    """Send a refund to SEQR if it is CREATED and its lease has lapsed; else do nothing.

    Does nothing while refunds are on hold, or while a case about the payment is open because SEQR
    does not confirm it. A refund that its payment no longer covers is withdrawn.
    SENDING is committed before the call. A call without a certain outcome makes the refund UNKNOWN,
    and it is never sent again. SendingHeld, SeqrUnavailable (SEQR did nothing) and
    SeqrConfigurationError defer the refund and are raised; a case is opened an hour after the
    request. Source: API reference 2.6.0, refundPayment.
    """
    refund = _take_lease(refund_id)
    if refund is None:
        return
    ers_reference = refund.invoice.ers_reference or ""
    try:
        require_complete_database(SOURCE)
        invoice = refund.invoice
        client = audited_client(invoice.terminal_id, invoice.order_id, SOURCE)
        answer = client.refund_payment(ers_reference, refund_payload(refund))
    except (SendingHeld, SeqrUnavailable, SeqrConfigurationError) as error:
        _defer(refund_id, error)
        raise
    except SeqrRejected as error:
        _reject(refund_id, rejection_reason(error))
    except SeqrError as error:
        _record_unknown(refund_id, str(error))
    else:
        _complete(refund_id, answer.ers_reference)


@transaction.atomic
def _take_lease(refund_id: int) -> Refund | None:
    """Take the lease; withdraw the refund instead if its payment no longer covers it.

    Returns None while SEQR does not confirm the payment: SEQR may have returned the money.
    """
    if refunds_are_held():
        return None
    refund = lock_refund(refund_id)
    now = database_now()
    if refund.status != RefundStatus.CREATED or not LEASE.has_lapsed(refund, now):
        return None
    obstacle = reason_not_to_send(refund)
    if obstacle is not None:
        withdraw_locked_refund(refund, obstacle, SOURCE)
        return None
    if is_unconfirmed(refund.invoice_id):
        return None
    transition_refund(refund, RefundStatus.SENDING, SOURCE, sent_at=now, **LEASE.taken())
    return refund


@transaction.atomic
def _defer(refund_id: int, error: Exception) -> None:
    refund = lock_refund(refund_id)
    if refund.status == RefundStatus.SENDING:
        deferred = LEASE.deferred(RETRY_PAUSE)
        transition_refund(refund, RefundStatus.CREATED, SOURCE, detail=str(error), **deferred)
        obstacle = reason_not_to_send(refund)  # SEQR may have reversed the payment meanwhile
        if obstacle is not None:
            withdraw_locked_refund(refund, obstacle, SOURCE)
        elif database_now() - refund.created_at > STUCK_AFTER and not refunds_are_held():
            open_stuck_refund_case(refund, SOURCE, str(error))
    if isinstance(error, SeqrConfigurationError):
        open_configuration_case(refund.invoice.terminal_id, error, SOURCE)


@transaction.atomic
def _reject(refund_id: int, reason: str) -> None:
    """Record SEQR's rejection, also after the lease lapsed. A REFUNDED refund gets a case only."""
    refund = lock_refund(refund_id)
    if refund.status == RefundStatus.REFUNDED:
        open_refund_mismatch_case(refund, SOURCE, f"SEQR refused it: {reason}")
        return
    transition_refund(refund, RefundStatus.REJECTED, SOURCE, detail=reason, **LEASE.released())
    close_refund_cases(refund, SOURCE, reason)


@transaction.atomic
def _complete(refund_id: int, ers_reference: str) -> None:
    """Record that SEQR made the refund.

    The lease may have lapsed during the call. The refund is then UNKNOWN, or resolved by a person,
    and SEQR's answer wins.
    """
    refund = lock_refund(refund_id)
    close_configuration_cases(refund.invoice.terminal_id, "refundPayment", SOURCE)
    from_state = refund.status
    if from_state == RefundStatus.REFUNDED:
        return
    transition_refund(
        refund,
        RefundStatus.REFUNDED,
        SOURCE,
        detail=ers_reference,
        ers_reference=ers_reference,
        refunded_at=database_now(),
        **LEASE.released(),
    )
    close_refund_cases(refund, SOURCE, "SEQR confirmed the refund")
    if is_shortened(ers_reference):
        open_refund_reference_case(refund, SOURCE, ers_reference)
    if from_state == RefundStatus.REJECTED:
        open_refund_mismatch_case(refund, SOURCE, "SEQR made it, but answered late")


@transaction.atomic
def _record_unknown(refund_id: int, detail: str) -> None:
    refund = lock_refund(refund_id)
    if refund.status == RefundStatus.SENDING:
        _transition_to_unknown(refund, SOURCE, detail)


@transaction.atomic
def mark_interrupted_refund_unknown(refund_id: int, source: ChangeSource) -> bool:
    """Make a refund UNKNOWN that is still SENDING after its lease; return whether it was."""
    refund = lock_refund(refund_id)
    if refund.status != RefundStatus.SENDING or not LEASE.has_lapsed(refund, database_now()):
        return False
    detail = "the process that sent it ended before it stored SEQR's answer"
    _transition_to_unknown(refund, source, detail)
    return True


def _transition_to_unknown(refund: Refund, source: ChangeSource, detail: str) -> None:
    transition_refund(refund, RefundStatus.UNKNOWN, source, detail=detail, **LEASE.released())
    close_refund_cases(refund, source, "the refund was sent, with an unknown outcome")
    open_refund_case(refund, source, detail)
