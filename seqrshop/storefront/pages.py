"""The pages. None of them knows its customer: the script asks, with the token in its hands."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from orders.models import Order, Shop
from orders.models.order import BLOCKING_STATES
from payments.availability.messages import closed_message
from payments.invoices.create import current_invoice
from payments.invoices.discounts import total_of
from seqrshop.storefront import api_errors, rate_limits
from seqrshop.storefront.endpoint import endpoint, json_answer
from seqrshop.storefront.json_output import orders_with_details, receipt_url, return_page_details
from seqrshop.storefront.messages import HEADINGS, state_heading, state_message
from seqrshop.storefront.recheck import recheck
from seqrshop.storefront.shops import shop_at
from seqrshop.storefront.streams.stream_acceptor import accept_stream


@require_safe
@gzip_page
@never_cache
@ensure_csrf_cookie
def order_page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Show the menu, once the script has exchanged the token; say at once if it is closed."""
    shop = shop_at(slug)
    context = _context(shop) | {"unavailable_message": closed_message(shop)}
    return render(request, "storefront/order_page.html", context)


@require_safe
@gzip_page
@never_cache
@ensure_csrf_cookie
def result_page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Show how the order stands. Arriving at the success page proves nothing, so all are one."""
    return render(request, "storefront/result_page.html", _context(shop_at(slug)))


@require_safe
@gzip_page
@never_cache
def return_page(request: HttpRequest, return_key: str) -> HttpResponse:
    """Show a browser that comes back from the app how the order stands. Nothing personal."""
    order = order_to_return_to(return_key)
    invoice = current_invoice(order)
    return render(
        request,
        "storefront/return_page.html",
        {
            "order": order,
            "shop": order.shop,
            "heading": state_heading(order),
            "message": state_message(order, invoice),
            "total": total_of(invoice),
            "order_page_url": reverse("order_page", kwargs={"slug": order.shop.slug}),
            "receipt_url": receipt_url(order),
            "settled": order.state not in BLOCKING_STATES,
            "state_url": reverse("return_state", kwargs={"return_key": return_key}),
            "events_url": reverse("return_events", kwargs={"return_key": return_key}),
        },
    )


@endpoint("GET", "HEAD")
def return_state(request: HttpRequest, return_key: str) -> HttpResponse:
    """Tell that page how the order stands now, and have SEQR asked as `show_order` does."""
    order = order_to_return_to(return_key)
    recheck(current_invoice(order))
    return json_answer(return_page_details(order))


@endpoint("GET", "HEAD")
def return_events(request: HttpRequest, return_key: str) -> HttpResponse:
    """Tell the same, and go on telling it in a stream where the server offers one."""
    order = order_to_return_to(return_key)
    recheck(current_invoice(order))
    accept_stream(request, order, "return_page", f"return page {return_key}")
    return json_answer(return_page_details(order))


def order_to_return_to(return_key: str) -> Order:
    """Return the order of this key, counting how often it is asked for. Raises Refusal."""
    rate_limits.count(rate_limits.RETURN_PAGE, token=return_key)
    order = orders_with_details().filter(return_key=return_key).first()
    if order is None:
        raise api_errors.not_found()
    return order


def _context(shop: Shop) -> dict[str, object]:
    slug = {"slug": shop.slug}
    return {
        "shop": shop,
        "session_url": reverse("session", kwargs=slug),
        "orders_url": reverse("orders", kwargs=slug),
        "order_page_url": reverse("order_page", kwargs=slug),
        "leave_url": settings.SEQR_LEAVE_URL,
        "store_urls": {
            "android": settings.SEQR_STORE_URL_ANDROID,
            "ios": settings.SEQR_STORE_URL_IOS,
        },
        "headings": HEADINGS,
    }
