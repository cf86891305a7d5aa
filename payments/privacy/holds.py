"""Why a customer's data is still needed: an order, a payment, a refund or a case that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
    When,
)
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from orders.models.order import BLOCKING_STATES, SERVABLE_STATES, number_of
from payments.models import (
    OPEN_STATUSES,
    UNRESOLVED_REFUND_STATUSES,
    Invoice,
    MoneyCase,
    Refund,
)

# Not every shop records that an order is served.
SERVING_TIME: Final = timedelta(days=1)


class HoldReason(TextChoices):
    """Why an order keeps its customer's data."""

    OPEN_ORDER = "open_order", _("the order is open")
    UNSERVED_ORDER = "unserved_order", _("the order is paid and not served yet")
    OPEN_PAYMENT = "open_payment", _("SEQR has yet to answer about its payment")
    UNRESOLVED_REFUND = "unresolved_refund", _("a refund is waiting, or its outcome is unknown")
    OPEN_CASE = "open_case", _("a payment case is open")


@dataclass(frozen=True)
class Hold:
    """An order that keeps its customer's data, and why."""

    order_number: str
    reason: HoldReason


def holding_orders(orders: QuerySet[Order], now: datetime) -> QuerySet[Order, Any]:
    """Return the orders among these that keep their customers' data, as rows.

    A row has `pk`, `customer_id` and `reason`, the first HoldReason that fits.
    """
    conditions = _conditions(now)
    reasons = [When(condition, then=Value(reason.value)) for reason, condition in conditions]
    found = orders.order_by("pk").alias(
        hold=Case(*reasons, default=Value(""), output_field=CharField())
    )
    return found.exclude(hold="").values("pk", "customer_id", reason=F("hold"))


def holds_of(customer_id: int, now: datetime) -> list[Hold]:
    """Return the customer's orders that keep the customer's data, the oldest first."""
    rows = holding_orders(Order.objects.filter(customer=customer_id), now)
    return [Hold(number_of(row["pk"]), HoldReason(row["reason"])) for row in rows]


def _conditions(now: datetime) -> list[tuple[HoldReason, Q]]:
    of_order = OuterRef("pk")
    # Open, or waiting for an answer of SEQR after it ended.
    unanswered = Q(poll_bucket__isnull=False) | Q(late_query_pending_since__isnull=False)
    invoices = Invoice.objects.filter(Q(status__in=OPEN_STATUSES) | unanswered, order=of_order)
    refunds = Refund.objects.filter(invoice__order=of_order, status__in=UNRESOLVED_REFUND_STATUSES)
    cases = MoneyCase.objects.filter(order=of_order, closed_at=None)
    unserved = Q(state__in=SERVABLE_STATES, served_at=None, created_at__gt=now - SERVING_TIME)
    return [
        (HoldReason.OPEN_ORDER, Q(state__in=BLOCKING_STATES)),
        (HoldReason.UNSERVED_ORDER, unserved),
        (HoldReason.OPEN_PAYMENT, Q(Exists(invoices))),
        (HoldReason.UNRESOLVED_REFUND, Q(Exists(refunds))),
        (HoldReason.OPEN_CASE, Q(Exists(cases))),
    ]
