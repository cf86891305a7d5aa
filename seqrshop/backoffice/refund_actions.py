"""Decisions of staff about one refund, and their results."""

from __future__ import annotations

from django.contrib import messages
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from payments.models import Refund, RefundStatus, WithdrawalReason
from payments.refunds.hold import mark_possibly_made, refunds_are_held
from payments.refunds.refund import (
    RefundNotAccepted,
    approve_refund,
    decline_refund,
    withdraw_refund,
)
from seqrshop.backoffice.action_results import ActionResult
from seqrshop.backoffice.refund_page import send_after_transaction

POSSIBLY_MADE_BY_STAFF = "staff found that SEQR may have made it in the lost time"


def approve(refund: Refund, source: ChangeSource) -> ActionResult:
    """Approve a refund, and have it sent."""
    try:
        if not approve_refund(refund.pk, source):
            return messages.INFO, not_decided(refund)
    except RefundNotAccepted as error:
        return messages.INFO, str(error).rstrip(".")
    if refunds_are_held():
        return messages.INFO, _("Approved, sent when the hold of refunds ends")
    send_after_transaction(refund.pk)
    return messages.INFO, _("Approved, being sent to SEQR")


def decline(refund: Refund, source: ChangeSource) -> ActionResult:
    """Decline a refund; it is never sent."""
    try:
        if not decline_refund(refund.pk, source):
            return messages.INFO, not_decided(refund)
    except RefundNotAccepted as error:
        return messages.INFO, str(error).rstrip(".")
    return messages.INFO, _("Declined, the customer gets no money")


def withdraw(refund: Refund, source: ChangeSource) -> ActionResult:
    """Withdraw a refund that has not been sent."""
    if withdraw_refund(refund.pk, source):
        return messages.INFO, _("Withdrawn")
    return messages.INFO, _("Too late to withdraw")


def mark_as_possibly_made(refund: Refund, source: ChangeSource) -> ActionResult:
    """Mark a refund on hold as one that SEQR may have made."""
    if mark_possibly_made(refund.pk, source, POSSIBLY_MADE_BY_STAFF):
        return messages.INFO, _("Marked as possibly made; record the outcome")
    return messages.INFO, _("Not on hold")


def not_decided(refund: Refund) -> str | Promise:
    """Return why a refund could not be approved or declined: who has decided, and how."""
    refund.refresh_from_db()
    if refund.withdrawal_reason not in ("", WithdrawalReason.STAFF):
        reason = {"reason": WithdrawalReason(refund.withdrawal_reason).label}
        return _("Withdrawn (%(reason)s)") % reason
    if refund.approved_by is not None and refund.status != RefundStatus.WITHDRAWN:
        return _("Already approved by %(person)s") % {"person": refund.approved_by}
    return _("Not awaiting approval")
