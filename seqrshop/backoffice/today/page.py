"""The view of the first page, and of the parts that its script reads again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from orders.languages import current_language
from orders.models import Option, Order, Product, Shop
from orders.models.order import SERVABLE_STATES, number_of
from orders.services import planned_until
from payments.models import MoneyCase, Refund
from payments.refunds.refund import APPROVE_PERMISSION
from seqrshop.backoffice.formatting import age, money, money_or_empty
from seqrshop.backoffice.links import admin_url, list_url, page_url
from seqrshop.backoffice.seller_details import incomplete_sellers, missing_text
from seqrshop.backoffice.shop_scope import own_rows
from seqrshop.backoffice.today.payments_state import payments_state
from seqrshop.backoffice.today.sales import Sales, read_sales
from seqrshop.backoffice.waiting import waiting_counts

WAITING_WINDOW = timedelta(hours=24)
"""An order that nobody marked as served is waiting no longer the day after."""
SHOWN_NAMES = 5


@dataclass(frozen=True)
class WaitingOrders:
    """The paid orders that are not served, and the oldest of them."""

    number: int
    oldest_number: str = ""
    oldest_age: str = ""
    oldest_url: str = ""


def today_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows: each part for those who may see its rows."""
    may, now = request.user.has_perm, timezone.now()
    shops: list[Any] = list(
        own_rows(
            request,
            Shop.objects.only("pk", "name", "paused", "paused_until", "terminal_id").annotate(
                planned_until=planned_until()
            ),
        )
    )
    if not shops:
        return {"shops": shops}
    counts = waiting_counts(request)
    return {
        "shops": shops,
        "payments": payments_state(request, shops, now),
        "paused_shops": [
            shop.name for shop in shops if shop.is_paused(now) or shop.planned_until is not None
        ],
        "waiting": _waiting_orders(request, now) if may("orders.view_order") else None,
        "orders_url": (
            reverse("staff:kitchen")
            if may("orders.serve_order")
            else list_url(Order, state__in=",".join(SERVABLE_STATES))
        ),
        **(_sales(read_sales(request, now)) if may("payments.view_invoice") else {}),
        "approvals": counts.approvals if may(APPROVE_PERMISSION) else None,
        "approvals_url": admin_url(Refund, "approvals"),
        "cases": counts.cases if may("payments.view_moneycase") else None,
        "cases_url": list_url(MoneyCase, open="yes"),
        "incomplete_sellers": _incomplete_sellers(request),
        **(_sold_out(request, Product, "sold_out", "shop") if may("orders.view_product") else {}),
        # Oat milk is missing from each coffee.
        **(
            _sold_out(request, Option, "sold_out_options", "group__shop")
            if may("orders.view_option")
            else {}
        ),
    }


def today_parts(request: HttpRequest) -> HttpResponse:
    """Answer with the parts of the page as they are now."""
    context = {**admin.site.each_context(request), **today_context(request)}
    return render(request, "staff/today_parts.html", context)


def _waiting_orders(request: HttpRequest, now: datetime) -> WaitingOrders:
    """Read the orders of the last day alone, by the index of their times."""
    waiting = Order.objects.filter(
        state__in=SERVABLE_STATES, served_at=None, created_at__gte=now - WAITING_WINDOW
    )
    found = own_rows(request, waiting.order_by()).aggregate(
        number=Count("pk"), oldest=Min("pk"), since=Min("created_at")
    )
    if not found["number"]:
        return WaitingOrders(0)
    return WaitingOrders(
        found["number"],
        number_of(found["oldest"]),
        age(found["since"]),
        admin_url(Order, "change", found["oldest"]),
    )


def _sales(sales: Sales) -> dict[str, Any]:
    """Return the sales with their amounts as text."""
    return {
        "sales": sales,
        "takings": [
            {
                "today": money(each.today, each.currency),
                "refunded": money_or_empty(each.refunded, each.currency),
                "earlier_so_far": money(each.earlier_so_far, each.currency),
                "earlier": money(each.earlier, each.currency),
            }
            for each in sales.takings
        ],
    }


def _incomplete_sellers(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what the receipts of each seller lack, and its page, for those who may complete it."""
    if not request.user.has_perm("orders.change_seller"):
        return []
    sellers = own_rows(request, incomplete_sellers())
    return [(missing_text(seller), page_url(seller)) for seller in sellers]


def _sold_out(
    request: HttpRequest, model: type[Product] | type[Option], key: str, shop: str
) -> dict[str, Any]:
    """Return the first names of what is sold out as `key`, and what is said beside them.

    `shop` is the path from a row to its shop, which is named where rows are of several shops.
    """
    sold_out = model._default_manager.filter(sold_out=True, on_sale=True)
    rows: Any = own_rows(request, sold_out.annotate(shop_name=F(f"{shop}__name")))
    is_of_several = len({row.shop_name for row in rows}) > 1
    names = [row.name_in(current_language()) for row in rows]
    if is_of_several:
        names = [f"{name} ({row.shop_name})" for name, row in zip(names, rows, strict=True)]
    return {
        key: names[:SHOWN_NAMES],
        f"more_{key}": max(0, len(names) - SHOWN_NAMES),
        f"{key}_count": len(names),
        f"{key}_url": list_url(model, sold_out__exact=1),
    }
