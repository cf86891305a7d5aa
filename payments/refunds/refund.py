"""Refunds: requested, approved, declined or withdrawn; a person resolves an unknown outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.languages import current_language
from orders.models import EventName, Terminal
from payments.balance import reason_not_to_send, refundable_amount
from payments.cases.cases import close_refund_cases
from payments.invoices.transitions import lock_invoice
from payments.invoices.unconfirmed import is_unconfirmed
from payments.models import (
    UNSENT_REFUND_STATUSES,
    ApprovalReason,
    Invoice,
    InvoiceStatus,
    Refund,
    RefundReason,
    RefundRow,
    RefundStatus,
    WithdrawalReason,
)
from payments.refund_transitions import transition_refund, withdraw_locked_refund
from payments.refunds.allowance import Allowance, allowance_of, lock_person
from payments.refunds.locks import lock_refund
from payments.refunds.row_amounts import (
    RowNotRefundable,
    UnknownRow,
    refund_rows,
    refundable_lines,
)
from payments.refunds.second_person import NEEDS_ANOTHER_RESOLVER, needs_another_resolver
from payments.seqr import is_shortened

APPROVE_PERMISSION = "payments.approve_refund"


class RefundNotAccepted(Exception):
    """The request is not valid. The message is a sentence for the member of staff."""


@dataclass(frozen=True)
class RefundRequest:
    """What a member of staff wants refunded, and why. `amount` is in major units.

    `quantities` has the number of units by the ID of a product's row, or the tip's; their sum, with
    the options of these units, must be `amount`. Without them the amount belongs to no row.
    """

    amount: Decimal
    reason: str
    nonce: str
    reason_code: RefundReason = RefundReason.OTHER
    quantities: Mapping[int, int] | None = None


def request_refund(
    invoice_id: int, amount: Decimal, reason: str, source: ChangeSource, nonce: str
) -> tuple[Refund, bool]:
    """Create a refund of an amount, for a reason in the person's own words.

    The rest is as in `create_refund`.
    """
    return create_refund(invoice_id, RefundRequest(amount, reason, nonce), source)


@transaction.atomic
def create_refund(
    invoice_id: int, request: RefundRequest, source: ChangeSource
) -> tuple[Refund, bool]:
    """Create a refund of a paid invoice; return it and whether it is new.

    A repeated nonce returns the refund that was created first. A refund beyond the person's
    allowance awaits approval by a second person; the caller has any other refund sent. Raises
    RefundNotAccepted and Invoice.DoesNotExist.
    """
    invoice = lock_invoice(invoice_id)
    earlier = Refund.objects.filter(nonce=request.nonce, invoice=invoice).first()
    if earlier is not None:
        return earlier, False
    return _create(invoice, request, source), True


def _create(invoice: Invoice, request: RefundRequest, source: ChangeSource) -> Refund:
    amount, reason = request.amount, request.reason.strip()[:200]
    if not reason and request.reason_code == RefundReason.OTHER:
        raise RefundNotAccepted(_("Enter a reason for the refund."))
    if amount <= 0 or amount != amount.quantize(Decimal("0.01")):
        raise RefundNotAccepted(_("The amount must be above 0, with at most two decimals."))
    # Locked, so that the terminal is not retired before it has made the refund.
    terminal = Terminal.objects.select_for_update(no_key=True).get(pk=invoice.terminal_id)
    if terminal.retired_at is not None:
        raise RefundNotAccepted(
            _(
                "The terminal of this payment is retired. Enter its password again, or refund it "
                "another way."
            )
        )
    if is_shortened(invoice.ers_reference or ""):
        raise RefundNotAccepted(
            _("The payment's reference is too long to be stored. Ask SEQR to refund the payment.")
        )
    rows = _rows_of(invoice, request)
    refundable = refundable_amount(invoice)
    if amount > refundable:
        raise RefundNotAccepted(
            _("At most %(most)s %(currency)s can be refunded.")
            % {"most": refundable, "currency": invoice.currency}
        )
    lock_person(source.actor)
    allowance = allowance_of(source.actor, invoice)
    approval_reason = allowance.approval_reason(amount)
    refund = Refund.objects.create(
        invoice=invoice,
        nonce=request.nonce,
        amount=amount,
        currency=invoice.currency,
        reason_code=request.reason_code,
        reason=reason,
        requested_by=source.actor,
        approval_reason=approval_reason or "",
        status=RefundStatus.REQUESTED if approval_reason else RefundStatus.CREATED,
    )
    for row in rows:
        row.refund = refund
    RefundRow.objects.bulk_create(rows)
    detail = f"{refund.amount} {refund.currency}: {_audit_reason(refund)}"
    if approval_reason:
        detail = f"{_approval_detail(allowance, approval_reason)}; {detail}"
    record_event(refund, EventName.REFUND_REQUESTED, source, detail=detail, to_state=refund.status)
    return refund


def _rows_of(invoice: Invoice, request: RefundRequest) -> list[RefundRow]:
    """Return the unsaved rows of a request about a locked invoice. Raises RefundNotAccepted."""
    if request.quantities is None:
        return []
    if invoice.status != InvoiceStatus.PAID:
        raise RefundNotAccepted(_("This payment did not pay the order; refund an amount instead."))
    try:
        rows = refund_rows(refundable_lines(invoice), request.quantities)
    except RowNotRefundable as error:
        raise RefundNotAccepted(
            _("Of %(product)s, %(remaining)d can still be refunded.")
            % {
                "product": error.row.order_row.name_in(current_language()),
                "remaining": error.row.remaining,
            }
        ) from error
    except UnknownRow as error:
        raise RefundNotAccepted(_("A chosen row is not on this order.")) from error
    if sum((row.amount for row in rows), Decimal(0)) != request.amount:
        raise RefundNotAccepted(_("The amount of these rows has changed. Check it once more."))
    return rows


def _audit_reason(refund: Refund) -> str:
    """Return the reason for the audit, which has one language."""
    if refund.reason_code == RefundReason.OTHER:
        return refund.reason
    code = refund.reason_code.replace("_", " ")
    return f"{code}: {refund.reason}" if refund.reason else code


def _approval_detail(allowance: Allowance, reason: ApprovalReason) -> str:
    """Return why approval is needed, for the audit, which has one language."""
    if reason == ApprovalReason.PAYMENT_LIMIT:
        left, limit = allowance.of_payment, settings.REFUND_APPROVAL_LIMIT
        return f"needs approval, {left} left of {limit} for this payment"
    left, limit = allowance.of_day, settings.REFUND_DAILY_LIMIT_PER_PERSON
    return f"needs approval, {left} left of {limit} for this person today"


@transaction.atomic
def approve_refund(refund_id: int, source: ChangeSource) -> bool:
    """Approve a requested refund, so that it can be sent; return whether it was approved.

    A refund that its payment no longer covers is withdrawn instead. Raises RefundNotAccepted if
    the person has requested the refund, or lacks the permission, and while SEQR does not confirm
    the payment.
    """
    refund = lock_refund(refund_id)
    _require_approver(refund, source)
    if refund.status != RefundStatus.REQUESTED:
        return False
    obstacle = reason_not_to_send(refund)
    if obstacle is not None:
        withdraw_locked_refund(refund, obstacle, source)
        return False
    if is_unconfirmed(refund.invoice_id):
        raise RefundNotAccepted(
            _("SEQR no longer confirms the payment; approve when the case about it is closed.")
        )
    return transition_refund(refund, RefundStatus.CREATED, source, approved_by=source.actor)


@transaction.atomic
def decline_refund(refund_id: int, source: ChangeSource) -> bool:
    """Decline a requested refund, which so is never sent; return whether it was still waiting.

    Raises RefundNotAccepted if the person has requested the refund, or may not approve refunds.
    """
    refund = lock_refund(refund_id)
    _require_approver(refund, source)
    if refund.status != RefundStatus.REQUESTED:
        return False
    withdraw_locked_refund(refund, WithdrawalReason.DECLINED, source)
    return True


def _require_approver(refund: Refund, source: ChangeSource) -> None:
    """Raise RefundNotAccepted unless the person may decide about another person's refund."""
    if refund.requested_by_id == source.actor.pk:
        raise RefundNotAccepted(_("A refund must be approved by a second person."))
    if not source.actor.has_perm(APPROVE_PERMISSION):
        raise RefundNotAccepted(_("You do not have the permission to approve refunds."))


@transaction.atomic
def withdraw_refund(refund_id: int, source: ChangeSource) -> bool:
    """Withdraw a refund that has not been sent; return whether that was possible."""
    refund = lock_refund(refund_id)
    if refund.status not in UNSENT_REFUND_STATUSES:
        return False
    withdraw_locked_refund(refund, WithdrawalReason.STAFF, source)
    return True


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

    Raises RefundNotAccepted without a reason, and if the person has requested the refund and
    somebody else may record its outcome.
    """
    reason = reason.strip()
    if not reason:
        raise RefundNotAccepted(_("Enter how you know the outcome."))
    refund = lock_refund(refund_id)
    if refund.status != RefundStatus.UNKNOWN:
        return False
    if needs_another_resolver(refund, source.actor):
        raise RefundNotAccepted(NEEDS_ANOTHER_RESOLVER)
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
