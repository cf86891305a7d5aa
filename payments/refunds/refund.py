"""Refunds: requested, approved or withdrawn; a person resolves those with an unknown outcome."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.models import EventName
from payments.balance import refundable_amount
from payments.cases.cases import close_refund_cases
from payments.invoices.transitions import lock_invoice
from payments.models import Invoice, Refund, RefundStatus
from payments.refund_transitions import transition_refund
from payments.refunds.locks import lock_refund


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
