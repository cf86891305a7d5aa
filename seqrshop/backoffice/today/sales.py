"""What was paid: in the last hour, today, and on the same weekday of last week.

Each read is a range of times of an index, so that it takes as long among a million payments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When
from django.http import HttpRequest
from django.utils import timezone

from payments.models import Invoice, InvoiceStatus, Refund, RefundStatus
from seqrshop.backoffice.shop_scope import own_rows

CAPTURED_AMOUNT = Case(
    When(paid_amount__isnull=False, paid_currency=F("currency"), then="paid_amount"),
    default="amount",
)
"""The amount that SEQR has for a paid invoice, as `captured_amount` returns it."""


@dataclass(frozen=True)
class Takings:
    """The sums of one currency, in major units. `earlier_so_far` ends at this time of day."""

    currency: str
    today: Decimal
    refunded: Decimal
    earlier_so_far: Decimal
    earlier: Decimal


@dataclass(frozen=True)
class Sales:
    """The number of payments in the last hour and today, and today's takings by currency."""

    last_hour: int
    today: int
    takings: tuple[Takings, ...]


def read_sales(request: HttpRequest, now: datetime) -> Sales:
    """Read the payments of the person's shops; a duplicate payment is no sale."""
    midnight = start_of_day(now)
    hour_ago = now - timedelta(hours=1)
    current = _paid(request, min(midnight, hour_ago), now).annotate(
        last_hour=Count("pk", filter=Q(paid_at__gt=hour_ago)),
        count=Count("pk", filter=Q(paid_at__gte=midnight)),
        total=Sum(CAPTURED_AMOUNT, filter=Q(paid_at__gte=midnight)),
    )
    then = week_before(now)
    start = start_of_day(then)
    earlier = _paid(request, start, start_of_day(start + timedelta(hours=36))).annotate(
        so_far=Sum(CAPTURED_AMOUNT, filter=Q(paid_at__lte=then)), total=Sum(CAPTURED_AMOUNT)
    )
    today = list(current)
    return Sales(
        last_hour=sum(row["last_hour"] for row in today),
        today=sum(row["count"] for row in today),
        takings=tuple(_takings(today, list(earlier), _refunded(request, midnight))),
    )


def start_of_day(moment: datetime) -> datetime:
    """Return the beginning of a moment's day in the shop's time zone."""
    local = timezone.localtime(moment)
    return datetime.combine(local.date(), time.min, local.tzinfo)


def week_before(moment: datetime) -> datetime:
    """Return the same time of day, in the shop's time zone, a week earlier."""
    return timezone.localtime(moment) - timedelta(days=7)


def _paid(request: HttpRequest, start: datetime, end: datetime) -> QuerySet[Any, Any]:
    """Return the paid invoices of a range of time, grouped by currency."""
    paid = Invoice.objects.filter(
        status=InvoiceStatus.PAID, paid_at__gte=start, paid_at__lt=end
    ).order_by()
    return own_rows(request, paid).values("currency")


def _refunded(request: HttpRequest, midnight: datetime) -> dict[str, Decimal]:
    refunds = Refund.objects.filter(status=RefundStatus.REFUNDED, sent_at__gte=midnight)
    rows = own_rows(request, refunds.order_by()).values("currency").annotate(total=Sum("amount"))
    return {row["currency"]: row["total"] for row in rows}


def _takings(
    today: list[dict[str, Any]], earlier: list[dict[str, Any]], refunded: dict[str, Decimal]
) -> Iterator[Takings]:
    now_by = {row["currency"]: row for row in today}
    then_by = {row["currency"]: row for row in earlier}
    nothing = Decimal(0)
    for currency in sorted({*now_by, *then_by, *refunded}):
        then = then_by.get(currency, {})
        yield Takings(
            currency,
            today=now_by.get(currency, {}).get("total") or nothing,
            refunded=refunded.get(currency, nothing),
            earlier_so_far=then.get("so_far") or nothing,
            earlier=then.get("total") or nothing,
        )
