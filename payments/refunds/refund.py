"""Refunds: requested, approved, sent once; a person resolves those with an unknown outcome."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.models import EventName, SourceName
from payments.balance import refundable_amount
from payments.call_audit import audited_client
from payments.cases.cases import (
    close_configuration_cases,
    close_refund_cases,
    open_configuration_case,
    open_refund_case,
    open_refund_mismatch_case,
    open_stuck_refund_case,
)
from payments.invoices.payloads import refund_payload
from payments.invoices.transitions import lock_invoice
from payments.leases import LEASE
from payments.models import Invoice, Refund, RefundStatus
from payments.refunds.rejection import rejection_reason
from payments.refunds.transitions import lock_refund, transition_refund
from payments.seqr import (
    SeqrConfigurationError,
    SeqrError,
    SeqrRejected,
    SeqrUnavailable,
)

SOURCE = ChangeSource(SourceName.SEND_REFUND)
RETRY_PAUSE = timedelta(seconds=30)
STUCK_AFTER = timedelta(hours=1)  # from the request


class RefundNotAccepted(Exception):
    """The request is not valid. The message is a sentence for the member of staff."""


@transaction.atomic
def request_refund(
    invoice_id: int, amount: Decimal, reason: str, source: ChangeSource, nonce: str
) -> tuple[Refund, bool]:
    """Create a refund of a paid invoice; return it and whether it is new.

    `amount` is in major units. A repeated nonce returns the refund that was created first. An
    amount above REFUND_APPROVAL_LIMIT awaits approval by a second person; the caller has any other
    refund sent. Raises RefundNotAccepted and Invoice.DoesNotExist.
    """
    invoice = lock_invoice(invoice_id)
    earlier = Refund.objects.filter(nonce=nonce, invoice=invoice).first()
    if earlier is not None:
        return earlier, False
    return _create(invoice, amount, reason.strip(), source, nonce), True


def _create(
    invoice: Invoice, amount: Decimal, reason: str, source: ChangeSource, nonce: str
) -> Refund:
    if not reason:
        raise RefundNotAccepted(_("Enter a reason for the refund."))
    if amount <= 0 or amount != amount.quantize(Decimal("0.01")):
        raise RefundNotAccepted(_("The amount must be above 0, with at most two decimals."))
    refundable = refundable_amount(invoice)
    if amount > refundable:
        raise RefundNotAccepted(
            _("At most %(most)s %(currency)s can be refunded.")
            % {"most": refundable, "currency": invoice.currency}
        )
    needs_approval = amount > settings.REFUND_APPROVAL_LIMIT
    refund = Refund.objects.create(
        invoice=invoice,
        nonce=nonce,
        amount=amount,
        currency=invoice.currency,
        reason=reason[:200],
        requested_by=source.actor,
        status=RefundStatus.REQUESTED if needs_approval else RefundStatus.CREATED,
    )
    detail = f"{refund.amount} {refund.currency}: {refund.reason}"
    record_event(refund, EventName.REFUND_REQUESTED, source, detail=detail, to_state=refund.status)
    return refund


@transaction.atomic
def approve_refund(refund_id: int, source: ChangeSource) -> bool:
    """Approve a requested refund, so that it can be sent; return whether it awaited approval.

    Raises RefundNotAccepted if the person who requested the refund approves it.
    """
    refund = lock_refund(refund_id)
    if refund.requested_by_id == source.actor.pk:
        raise RefundNotAccepted(_("A refund of this size must be approved by a second person."))
    if refund.status != RefundStatus.REQUESTED:
        return False
    return transition_refund(refund, RefundStatus.CREATED, source, approved_by=source.actor)


@transaction.atomic
def withdraw_refund(refund_id: int, source: ChangeSource) -> bool:
    """Withdraw a refund that has not been sent; return whether that was possible."""
    refund = lock_refund(refund_id)
    if refund.status not in (RefundStatus.REQUESTED, RefundStatus.CREATED):
        return False
    close_refund_cases(refund, source, "the refund was withdrawn")
    return transition_refund(refund, RefundStatus.WITHDRAWN, source)


def send_refund(refund_id: int) -> None:
    """Send a refund to SEQR if it is CREATED and its lease has lapsed; else do nothing.

    SENDING is committed before the call. A call without a certain outcome makes the refund UNKNOWN,
    and it is never sent again. SeqrUnavailable (SEQR did nothing) and SeqrConfigurationError defer
    the refund and are raised; a case is opened an hour after the request. Source: API reference
    2.6.0, refundPayment.
    """
    refund = _take_lease(refund_id)
    if refund is None:
        return
    ers_reference = refund.invoice.ers_reference or ""
    try:
        client = audited_client(refund.invoice.order_id, SOURCE)
        answer = client.refund_payment(ers_reference, refund_payload(refund))
    except (SeqrUnavailable, SeqrConfigurationError) as error:
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
    refund = lock_refund(refund_id)
    now = database_now()
    if refund.status != RefundStatus.CREATED or not LEASE.has_lapsed(refund, now):
        return None
    transition_refund(refund, RefundStatus.SENDING, SOURCE, sent_at=now, **LEASE.taken(now))
    return refund


@transaction.atomic
def _defer(refund_id: int, error: SeqrError) -> None:
    refund = lock_refund(refund_id)
    if refund.status == RefundStatus.SENDING:
        deferred = LEASE.deferred(RETRY_PAUSE)
        transition_refund(refund, RefundStatus.CREATED, SOURCE, detail=str(error), **deferred)
        if database_now() - refund.created_at > STUCK_AFTER:
            open_stuck_refund_case(refund, SOURCE, str(error))
    if isinstance(error, SeqrConfigurationError):
        open_configuration_case(error, SOURCE)


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
    close_configuration_cases("refundPayment", SOURCE)
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


@transaction.atomic
def resolve_unknown_refund(
    refund_id: int,
    source: ChangeSource,
    *,
    was_refunded: bool,
    reason: str,
    ers_reference: str = "",
) -> bool:
    """Record the outcome that a person established; return whether it was still unknown.

    Raises RefundNotAccepted without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise RefundNotAccepted(_("Enter how you know the outcome."))
    refund = lock_refund(refund_id)
    if refund.status != RefundStatus.UNKNOWN:
        return False
    fields: dict[str, Any] = {"resolved_by": source.actor, "resolution_reason": reason[:300]}
    if was_refunded:
        fields |= {"ers_reference": ers_reference or None, "refunded_at": database_now()}
    outcome = RefundStatus.REFUNDED if was_refunded else RefundStatus.REJECTED
    transition_refund(refund, outcome, source, detail=reason, **fields)
    close_refund_cases(refund, source, reason)
    return True


def refundable_now(invoice_id: int) -> Decimal:
    """Return how much of an invoice can still be refunded, in major units. Takes no lock."""
    return refundable_amount(Invoice.objects.get(pk=invoice_id))
