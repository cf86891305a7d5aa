"""Refunds: asked for, approved, sent once, and settled by a person where SEQR's answer was lost."""

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
TRY_AGAIN_AFTER = timedelta(seconds=30)
STUCK_AFTER = timedelta(hours=1)


class RefundNotAccepted(Exception):
    """The refund cannot be as it was asked for. The text says why, to a person."""


@transaction.atomic
def request_refund(
    invoice_id: int, amount: Decimal, reason: str, source: ChangeSource, nonce: str
) -> tuple[Refund, bool]:
    """Make a refund of a paid invoice; return it and whether it is new.

    The same nonce returns the refund made before. Above REFUND_APPROVAL_LIMIT it waits for a
    second person; else the caller has it sent. Raises RefundNotAccepted, Invoice.DoesNotExist.
    """
    invoice = lock_invoice(invoice_id)
    earlier = Refund.objects.filter(nonce=nonce, invoice=invoice).first()
    if earlier is not None:
        return earlier, False
    return _make(invoice, amount, reason.strip(), source, nonce), True


def _make(
    invoice: Invoice, amount: Decimal, reason: str, source: ChangeSource, nonce: str
) -> Refund:
    if not reason:
        raise RefundNotAccepted(_("Enter a reason for the refund."))
    if amount <= 0 or amount != amount.quantize(Decimal("0.01")):
        raise RefundNotAccepted(_("The amount must be above 0, with at most two decimals."))
    most = refundable_amount(invoice)
    if amount > most:
        raise RefundNotAccepted(
            _("At most %(most)s %(currency)s can be refunded.")
            % {"most": most, "currency": invoice.currency}
        )
    large = amount > settings.REFUND_APPROVAL_LIMIT
    refund = Refund.objects.create(
        invoice=invoice,
        nonce=nonce,
        amount=amount,
        currency=invoice.currency,
        reason=reason[:200],
        requested_by=source.actor,
        status=RefundStatus.REQUESTED if large else RefundStatus.CREATED,
    )
    detail = f"{refund.amount} {refund.currency}: {refund.reason}"
    record_event(refund, EventName.REFUND_REQUESTED, source, detail=detail, to_state=refund.status)
    return refund


@transaction.atomic
def approve_refund(refund_id: int, source: ChangeSource) -> bool:
    """Let a large refund be sent; return whether it was waiting for that.

    Raises RefundNotAccepted where the one who asked for it approves it.
    """
    refund = lock_refund(refund_id)
    if refund.requested_by_id == source.actor.pk:
        raise RefundNotAccepted(_("A refund of this size must be approved by a second person."))
    if refund.status != RefundStatus.REQUESTED:
        return False
    return transition_refund(refund, RefundStatus.CREATED, source, approved_by=source.actor)


@transaction.atomic
def withdraw_refund(refund_id: int, source: ChangeSource) -> bool:
    """Take a refund back that has not been sent; return whether it could be."""
    refund = lock_refund(refund_id)
    if refund.status not in (RefundStatus.REQUESTED, RefundStatus.CREATED):
        return False
    close_refund_cases(refund, source, "it was withdrawn")
    return transition_refund(refund, RefundStatus.WITHDRAWN, source)


def send_refund(refund_id: int) -> None:
    """Send a refund that is to be sent, once. Else do nothing.

    "Sending" is committed before the call. Whatever leaves the outcome open makes the refund
    unknown: it is never sent again by itself. Raises SeqrUnavailable where certainly nothing
    happened, and SeqrConfigurationError; both leave it to be sent later, and a person is told once
    that takes long.
    """
    refund = _take_lease(refund_id)
    if refund is None:
        return
    ers_reference = refund.invoice.ers_reference or ""
    try:
        client = audited_client(refund.invoice.order_id, SOURCE)
        done = client.refund_payment(ers_reference, refund_payload(refund))
    except (SeqrUnavailable, SeqrConfigurationError) as error:
        _defer(refund_id, error)
        raise
    except SeqrRejected as error:
        _refused(refund_id, rejection_reason(error))
    except SeqrError as error:
        _unknown(refund_id, str(error))
    else:
        _done(refund_id, done.ers_reference)


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
        deferred = LEASE.deferred(TRY_AGAIN_AFTER)
        transition_refund(refund, RefundStatus.CREATED, SOURCE, detail=str(error), **deferred)
        if database_now() - refund.created_at > STUCK_AFTER:
            open_stuck_refund_case(refund, SOURCE, str(error))
    if isinstance(error, SeqrConfigurationError):
        open_configuration_case(error, SOURCE)


@transaction.atomic
def _refused(refund_id: int, why: str) -> None:
    """Write that SEQR has refused; also where that comes as late as in `_done`."""
    refund = lock_refund(refund_id)
    if refund.status == RefundStatus.REFUNDED:
        open_refund_mismatch_case(refund, SOURCE, f"SEQR has refused it: {why}")
        return
    transition_refund(refund, RefundStatus.REFUSED, SOURCE, detail=why, **LEASE.released())
    close_refund_cases(refund, SOURCE, why)


@transaction.atomic
def _done(refund_id: int, ers_reference: str) -> None:
    """Write that the money went back.

    Also where the lease was over meanwhile: then it counts as unknown, or was settled by a person,
    whom SEQR's own answer overrules.
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
    close_refund_cases(refund, SOURCE, "SEQR says that the money went back")
    if from_state == RefundStatus.REFUSED:
        open_refund_mismatch_case(refund, SOURCE, "SEQR has made it, which it told late")


@transaction.atomic
def _unknown(refund_id: int, detail: str) -> None:
    refund = lock_refund(refund_id)
    if refund.status == RefundStatus.SENDING:
        transition_refund(refund, RefundStatus.UNKNOWN, SOURCE, detail=detail, **LEASE.released())
        close_refund_cases(refund, SOURCE, "it was sent, and may have been taken")
        open_refund_case(refund, SOURCE, detail)


@transaction.atomic
def mark_interrupted_refund_unknown(refund_id: int, source: ChangeSource) -> bool:
    """Make a refund unknown that is found in sending after its lease; return whether it was."""
    refund = lock_refund(refund_id)
    if refund.status != RefundStatus.SENDING or not LEASE.has_lapsed(refund, database_now()):
        return False
    detail = "the process that sent it ended before SEQR's answer was written"
    _become_unknown(refund, source, detail)
    return True


def _become_unknown(refund: Refund, source: ChangeSource, detail: str) -> None:
    transition_refund(refund, RefundStatus.UNKNOWN, source, detail=detail, **LEASE.released())
    close_refund_cases(refund, source, "it was sent, and may have been taken")
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
    """Write what became of an unknown refund, as a person found out; return whether it was unknown.

    Raises RefundNotAccepted where no reason is given.
    """
    if not reason.strip():
        raise RefundNotAccepted(_("Enter how you know the outcome."))
    refund = lock_refund(refund_id)
    if refund.status != RefundStatus.UNKNOWN:
        return False
    fields: dict[str, Any] = {
        "resolved_by": source.actor,
        "resolution_reason": reason.strip()[:300],
    }
    if was_refunded:
        fields |= {"ers_reference": ers_reference or None, "refunded_at": database_now()}
    to = RefundStatus.REFUNDED if was_refunded else RefundStatus.REFUSED
    transition_refund(refund, to, source, detail=reason.strip(), **fields)
    close_refund_cases(refund, source, reason.strip())
    return True


def refundable_now(invoice_id: int) -> Decimal:
    """Return how much of an invoice may still be given back, as things stand."""
    return refundable_amount(Invoice.objects.get(pk=invoice_id))
