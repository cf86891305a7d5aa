"""The search for everything: one hit opens at once, several are listed."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from orders.models import Order, OrderState
from payments.invoices.create import current_of
from seqrshop.backoffice.formatting import age, local_time, money, phone_of, table_of
from seqrshop.backoffice.links import page_url
from seqrshop.backoffice.search import orders_matching
from seqrshop.backoffice.search_terms import MAX_TERM_CHARACTERS
from seqrshop.backoffice.shop_scope import own_rows
from seqrshop.backoffice.state_pills import pill

MAX_SHOWN = 50
PERMISSIONS = ("orders.view_order", "payments.view_invoice")
"""Either of them allows searching: an order's own page needs the first."""


@dataclass(frozen=True)
class Hit:
    """An order as the list of results shows it."""

    number: str
    address: str
    pill: str
    total: str
    table: str
    shop: str
    phone: str
    ordered: str
    age: str


def may_search(request: HttpRequest) -> bool:
    """Return whether a person may open what the search finds."""
    return any(map(request.user.has_perm, PERMISSIONS))


def search_page(request: HttpRequest) -> HttpResponse:
    """Open the only order that matches, or list those that do."""
    if not may_search(request):
        raise PermissionDenied
    text = request.GET.get("q", "").strip()[:MAX_TERM_CHARACTERS]
    orders = _find(request, text) if text else []
    hits = [_hit(request, order) for order in orders[:MAX_SHOWN]]
    if len(hits) == 1:
        return HttpResponseRedirect(hits[0].address)
    context = {
        **admin.site.each_context(request),
        "title": _("Search results") if hits else _("Search"),
        "search_term": text,
        "hits": hits,
        "focuses_search": not hits,
        "max_shown": MAX_SHOWN if len(orders) > MAX_SHOWN else None,
        "shows_shops": len({hit.shop for hit in hits}) > 1,
    }
    return TemplateResponse(request, "staff/search.html", context)


def _find(request: HttpRequest, text: str) -> list[Order]:
    """Return the newest of the person's orders that match, one more than are shown."""
    orders = own_rows(request, Order.objects.filter(orders_matching(text)))
    orders = orders.select_related("shop", "customer").prefetch_related("invoices")
    if not request.user.has_perm("orders.view_order"):  # the person opens the payment's page
        orders = orders.filter(invoices__isnull=False).distinct()
    return list(orders.order_by("-pk")[: MAX_SHOWN + 1])


def _hit(request: HttpRequest, order: Order) -> Hit:
    may_open_order = request.user.has_perm("orders.view_order")
    return Hit(
        number=order.number,
        address=page_url(order if may_open_order else current_of(list(order.invoices.all()))),
        pill=pill(OrderState(order.state)),
        total=money(order.total, order.currency),
        table=table_of(order),
        shop=order.shop.name,
        phone=phone_of(order.customer),
        ordered=local_time(order.created_at),
        age=age(order.created_at),
    )
