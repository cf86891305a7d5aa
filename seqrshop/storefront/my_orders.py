"""JSON API: the customer's orders at a shop in the last 30 days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page

from orders.languages import current_language
from orders.models import CustomerSession, OrderRow, RowKind
from payments.invoices.discounts import total_of
from payments.models import Invoice
from seqrshop.storefront.endpoint import endpoint, json_response, require_customer
from seqrshop.storefront.json_output import order_summary, receipt_url
from seqrshop.storefront.menu import amount
from seqrshop.storefront.messages import short_state
from seqrshop.storefront.order_queries import invoices_of_customer
from seqrshop.storefront.shops import require_shop_of
from seqrshop.storefront.tracking import progress_of


@endpoint("GET", "HEAD")
@gzip_page
@require_customer
def list_orders(
    request: HttpRequest, session: CustomerSession, slug: str | None = None
) -> HttpResponse:
    """Return the customer's orders at this shop, the newest first; never another customer's."""
    require_shop_of(session, slug)
    invoices = invoices_of_customer(session)
    prefetch_related_objects([invoice.order for invoice in invoices], "rows")
    today = timezone.localdate()
    return json_response({"orders": [_listed(invoice, today) for invoice in invoices]})


def _listed(invoice: Invoice, today: date) -> dict[str, Any]:
    order = invoice.order
    ordered_at = timezone.localtime(order.created_at)
    return {
        **order_summary(order),
        "total": {"value": amount(total_of(invoice)), "currency": order.currency},
        "short_state": short_state(order),
        "progress": progress_of(order),
        "day": _day(ordered_at.date(), today),
        "ordered_at": ordered_at.isoformat(timespec="seconds"),
        "contents": _contents(order.rows.all()),
        "receipt_url": receipt_url(invoice),
    }


def _day(day: date, today: date) -> str:
    """Return a day in words, such as "Today" or "Saturday 28 November"."""
    return str(_("Today")) if day == today else date_format(day, "l j F")


def _contents(rows: Iterable[OrderRow]) -> str:
    """Return an order's products in a line, such as "2 × Latte, Cinnamon bun"."""
    return ", ".join(
        f"{row.quantity} × {name}" if row.quantity > 1 else name
        for row in rows
        if row.kind == RowKind.PRODUCT
        for name in [row.name_in(current_language())]
    )
