"""Reads the board of a shop: the orders to prepare and serve, and those that were just served."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from orders.models import (
    AuditEvent,
    Category,
    Dining,
    EventName,
    Order,
    OrderState,
    Shop,
    SubjectType,
)
from orders.models.order import REFUNDED_STATES, SERVABLE_STATES
from orders.services import lines_of, planned_until
from payments.models import Invoice, InvoiceStatus, Refund, RefundStatus
from seqrshop.json_text import json_bytes

BOARD_AGE = timedelta(hours=24)  # an older order was served, though nobody has recorded it
STRUCK_OUT_AGE = timedelta(minutes=30)  # how long an order that is not to be served is shown
MAX_CARDS = 100  # the oldest; a board that nobody keeps would grow for a day
SERVED_SHOWN = 20

# Why an order that was paid is not to be served.
STRUCK_OUT_REASONS: dict[OrderState, Promise] = {
    OrderState.REFUNDED: _("Refunded. Do not serve."),
    OrderState.NEEDS_ATTENTION: _("The payment is unclear. Do not serve: ask the shift leader."),
    OrderState.CANCELED: _("The payment was reversed. Do not serve."),
    OrderState.FAILED: _("The payment was reversed. Do not serve."),
    OrderState.EXPIRED: _("The payment was reversed. Do not serve."),
}

ACTIVE = Q(state__in=SERVABLE_STATES, served_at=None)
SERVED = Q(state__in=(OrderState.SERVED, OrderState.PARTLY_REFUNDED), served_at__isnull=False)
STRUCK_OUT = Q(state__in=STRUCK_OUT_REASONS.keys(), served_at=None)


@dataclass(frozen=True)
class BoardView:
    """The board of one shop in one language."""

    shop_id: int
    language: str


def read_board(view: BoardView) -> bytes:
    """Return a board as JSON.

    One statement reads all its orders, so that none is missing and none is there twice.
    """
    with override(view.language):
        shop = Shop.objects.annotate(planned_until=planned_until()).get(pk=view.shop_id)
        orders = list(_orders_on_board(shop.pk))
        return json_bytes(_as_json(shop, orders, view.language))


def orders_of_day(shop_ids: Any) -> QuerySet[Order]:
    """Return the orders of these shops that a board may show, found by their IDs."""
    recent = Order.objects.filter(created_at__gt=Now() - BOARD_AGE).order_by("created_at")
    return Order.objects.filter(shop__in=shop_ids, id__gte=Subquery(recent.values("id")[:1]))


def _orders_on_board(shop_id: int) -> QuerySet[Order]:
    orders = orders_of_day([shop_id])
    events = AuditEvent.objects.filter(subject_type=SubjectType.ORDER, subject_id=OuterRef("pk"))
    struck_out_now = events.filter(
        to_state=OuterRef("state"), occurred_at__gt=Now() - STRUCK_OUT_AGE
    )
    was_paid = events.filter(name=EventName.ORDER_PAID)
    active = orders.filter(ACTIVE).order_by("id").values("id")[: MAX_CARDS + 1]
    served = orders.filter(SERVED).order_by("-served_at").values("id")[:SERVED_SHOWN]
    struck_out = orders.filter(STRUCK_OUT, Exists(was_paid), Exists(struck_out_now)).values("id")
    of_order = Invoice.objects.filter(order=OuterRef("pk"), paid_at__isnull=False)
    payment = of_order.exclude(status=InvoiceStatus.DUPLICATE).order_by("-paid_at")
    return (
        Order.objects.filter(Q(pk__in=active) | Q(pk__in=served) | Q(pk__in=struck_out))
        .annotate(paid_at=Subquery(payment.values("paid_at")[:1]))
        .prefetch_related("rows__product")
    )


def _as_json(shop: Any, orders: list[Any], language: str) -> dict[str, Any]:
    refunds = _refunds_of(orders)
    served = [order for order in orders if order.served_at is not None]
    waiting = [order for order in orders if order.served_at is None]
    waiting.sort(key=lambda order: (order.paid_at or order.created_at, order.pk))
    is_paused_by_hand = shop.is_paused(timezone.now())
    paused_until = shop.paused_until if is_paused_by_hand else shop.planned_until
    return {
        "cards": [_card(order, refunds[order.pk], language) for order in waiting[:MAX_CARDS]],
        "has_more": len(waiting) > MAX_CARDS,
        "served": [
            _card(order, refunds[order.pk], language)
            for order in sorted(served, key=lambda order: order.served_at, reverse=True)
        ],
        "categories": [
            {"id": category.pk, "name": category.name_in(language)}
            for category in Category.objects.filter(shop=shop)
        ],
        "is_paused": is_paused_by_hand or paused_until is not None,
        "paused_until": timezone.localtime(paused_until).isoformat(timespec="seconds")
        if paused_until
        else None,
        "amber_minutes": shop.kitchen_amber_minutes,
        "red_minutes": shop.kitchen_red_minutes,
    }


def _refunds_of(orders: list[Any]) -> dict[int, list[Refund]]:
    """Return the refunds that SEQR has made of these orders, by order."""
    refunded = [order.pk for order in orders if order.state in REFUNDED_STATES]
    found: dict[int, list[Refund]] = defaultdict(list)
    refunds = Refund.objects.filter(invoice__order__in=refunded, status=RefundStatus.REFUNDED)
    for refund in refunds.select_related("invoice").prefetch_related("rows").order_by("id"):
        found[refund.invoice.order_id].append(refund)
    return found


def _card(order: Any, refunds: list[Refund], language: str) -> dict[str, Any]:
    refunded_units: Counter[int] = Counter()
    for refund in refunds:
        refunded_units.update({row.order_row_id: row.quantity for row in refund.rows.all()})
    return {
        "id": order.pk,
        "number": order.number,
        "progress": order.progress,
        "place": place_of(order.parameters),
        "paid_at": order.paid_at or order.created_at,
        "is_partly_refunded": order.state == OrderState.PARTLY_REFUNDED,
        "struck_out": _struck_out(order, refunds),
        "dining": Dining(order.dining).label if order.dining else None,
        "note": order.note,
        "rows": [
            {
                "quantity": line.row.quantity,
                "refunded": refunded_units[line.row.pk],
                "name": line.row.name_in(language),
                "category": line.row.product.category_id,
                "options": line.option_names(language),
                "note": line.row.note,
            }
            for line in lines_of(order.rows.all())
            if line.row.product is not None
        ],
    }


def _struck_out(order: Any, refunds: list[Refund]) -> str | None:
    reason = STRUCK_OUT_REASONS.get(order.state)
    if reason is None:
        return None
    if order.state == OrderState.REFUNDED and refunds:
        return f"{reason} {refunds[-1].reason_text}"
    return str(reason)


def place_of(parameters: Mapping[str, str]) -> str:
    """Return where an order goes, by the parameters of the scanned code: "Table 4"."""
    if table := parameters.get("TABLE"):
        return str(_("Table %(n)s") % {"n": table})
    return ", ".join(parameters.values()) or str(_("Counter"))
