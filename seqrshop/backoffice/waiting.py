"""What waits for a person: refunds to approve, and open payment cases. Shown on every page."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest

from payments.models import MoneyCase, Refund, RefundStatus
from payments.refunds.refund import APPROVE_PERMISSION
from seqrshop.backoffice.shop_scope import own_rows


@dataclass(frozen=True)
class WaitingCounts:
    """The numbers that the navigation shows; 0 of what the person may not decide about."""

    approvals: int = 0
    cases: int = 0


def waiting_counts(request: HttpRequest) -> WaitingCounts:
    """Count what waits for the person who makes the request, in the person's shops.

    An index has the unresolved refunds alone, another one the open cases. They are counted once for
    a request: the navigation shows them on every page, and the first page in cards too.
    """
    counts: WaitingCounts | None = getattr(request, "waiting_counts", None)
    if counts is None:
        counts = WaitingCounts(
            approvals=refunds_to_approve(request).count(), cases=open_cases(request).count()
        )
        request.waiting_counts = counts  # type: ignore[attr-defined]
    return counts


def refunds_to_approve(request: HttpRequest) -> QuerySet[Refund]:
    """Return the refunds that the person may approve: nobody approves a refund of their own."""
    if not request.user.has_perm(APPROVE_PERMISSION):
        return Refund.objects.none()
    waiting = Refund.objects.filter(status=RefundStatus.REQUESTED)
    return own_rows(request, waiting.exclude(requested_by=request.user.pk))


def open_cases(request: HttpRequest) -> QuerySet[MoneyCase]:
    """Return the open payment cases that the person may see."""
    if not request.user.has_perm("payments.view_moneycase"):
        return MoneyCase.objects.none()
    return own_rows(request, MoneyCase.objects.filter(closed_at=None))
