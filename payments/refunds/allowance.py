"""The amounts that one person may refund without the approval of a second one."""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import F, Q, Sum
from django.utils import timezone

from orders.clock import database_now
from payments.models import (
    RESERVING_REFUND_STATUSES,
    ApprovalReason,
    Invoice,
    Refund,
    RefundStatus,
)

# Refunds that one person decided: made, possibly made, or about to be made without an approval.
# A refund that its requester alone has recorded as not made may have been made.
_UNAPPROVED = Q(approved_by=None) & (
    Q(status__in=RESERVING_REFUND_STATUSES) & ~Q(status=RefundStatus.REQUESTED)
    | Q(status=RefundStatus.REJECTED, resolved_by=F("requested_by"))
)


@dataclass(frozen=True)
class Allowance:
    """The amounts in major units that remain, of REFUND_APPROVAL_LIMIT for the payment and of
    REFUND_DAILY_LIMIT_PER_PERSON for the day. Both may be below 0 after a limit was lowered.
    """

    of_payment: Decimal
    of_day: Decimal

    @property
    def amount(self) -> Decimal:
        """The largest amount that needs no approval, 0 or more."""
        return max(min(self.of_payment, self.of_day), Decimal(0))

    def approval_reason(self, amount: Decimal) -> ApprovalReason | None:
        """Return why a refund of this amount needs approval; None if it needs none."""
        if amount > self.of_payment:
            return ApprovalReason.PAYMENT_LIMIT
        if amount > self.of_day:
            return ApprovalReason.DAILY_LIMIT
        return None


def allowance_of(person: Any, invoice: Invoice) -> Allowance:
    """Return what a person may still refund of an invoice today without approval.

    The invoice's limit counts the refunds of all persons, the daily limit the person's refunds of
    all invoices in this currency since midnight in Sweden. A refund that was approved, rejected or
    withdrawn counts for neither, unless its requester has recorded that it was not made.
    """
    of_invoice = _sum(Q(invoice=invoice))
    of_day = _sum(
        Q(requested_by=person, currency=invoice.currency, created_at__gte=_start_of_day())
    )
    return Allowance(
        settings.REFUND_APPROVAL_LIMIT - of_invoice,
        settings.REFUND_DAILY_LIMIT_PER_PERSON - of_day,
    )


def lock_person(person: Any) -> None:
    """Lock the row of a member of staff, after the invoice: their day's sum stands still."""
    get_user_model().objects.select_for_update(no_key=True).get(pk=person.pk)


def _start_of_day() -> datetime:
    today = timezone.localdate(database_now())
    return timezone.make_aware(datetime.combine(today, time.min))


def _sum(condition: Q) -> Decimal:
    refunds = Refund.objects.filter(_UNAPPROVED, condition)
    total: Decimal | None = refunds.aggregate(total=Sum("amount"))["total"]
    return total or Decimal(0)
