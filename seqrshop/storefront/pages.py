"""The customer's pages, the same for everyone: their script fetches the customer's data."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from payments.availability.messages import unavailable_message_read_with
from payments.invoices.create import current_of
from payments.invoices.discounts import total_of
from payments.models import Invoice
from seqrshop.storefront import rate_limits
from seqrshop.storefront.endpoint import endpoint, json_response
from seqrshop.storefront.json_output import receipt_url, return_page_details
from seqrshop.storefront.messages import short_state, state_texts
from seqrshop.storefront.order_queries import invoices_of_return_key
from seqrshop.storefront.shared_pages import revalidated, shared_page
from seqrshop.storefront.shops import shop_at, shop_with_availability_at
from seqrshop.storefront.stale_invoice import refresh_if_stale
from seqrshop.storefront.streams.stream_acceptor import accept_stream
from seqrshop.storefront.tracking import Phase, phase_of, progress_of


@require_safe
@revalidated
@ensure_csrf_cookie
def order_page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Show the order page; its script loads the menu once it has exchanged the token."""
    shop = shop_with_availability_at(slug)
    template = "storefront/order_page.html"
    return shared_page(request, template, shop, unavailable_message_read_with(shop))


@require_safe
@revalidated
@ensure_csrf_cookie
def result_page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Show the order's state. Arriving at the success page proves nothing, so all are one."""
    return shared_page(request, "storefront/result_page.html", shop_at(slug))


@require_safe
@revalidated
@ensure_csrf_cookie
def my_orders_page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Show the page of the customer's orders; its script loads them."""
    return shared_page(request, "storefront/my_orders_page.html", shop_at(slug))


@require_safe
@gzip_page
@never_cache
def return_page(request: HttpRequest, return_key: str) -> HttpResponse:
    """Show the order's state to a browser that returns from the app. Nothing personal."""
    invoice = current_of(invoices_by_return_key(return_key))
    order = invoice.order
    heading, message = state_texts(order, invoice)
    phase, progress = phase_of(invoice), progress_of(order)
    is_waiting = progress is not None and order.served_at is None
    return render(
        request,
        "storefront/return_page.html",
        {
            "order": order,
            "shop": order.shop,
            "short_state": short_state(order),
            "heading": heading,
            "message": message,
            "total": total_of(invoice),
            "order_page_url": reverse("order_page", kwargs={"slug": order.shop.slug}),
            "receipt_url": receipt_url(invoice),
            "progress": progress,
            "is_waiting": is_waiting,
            "is_final": phase != Phase.PAYMENT and not is_waiting,
            "state_url": reverse("return_state", kwargs={"return_key": return_key}),
            "events_url": reverse("return_events", kwargs={"return_key": return_key}),
        },
    )


@endpoint("GET", "HEAD")
def return_state(request: HttpRequest, return_key: str) -> HttpResponse:
    """Return the order's state to the return page; refresh a stale invoice."""
    invoice = current_of(invoices_by_return_key(return_key))
    refresh_if_stale(invoice)
    return json_response(return_page_details(invoice))


@endpoint("GET", "HEAD")
def return_events(request: HttpRequest, return_key: str) -> HttpResponse:
    """Return the order's state, then stream its changes if the server supports streams."""
    invoices = invoices_by_return_key(return_key)
    invoice = current_of(invoices)
    refresh_if_stale(invoice)
    accept_stream(request, invoices, "return_page", f"return page {return_key}")
    return json_response(return_page_details(invoice))


def invoices_by_return_key(return_key: str) -> list[Invoice]:
    """Return all invoices of the order of this return key. Counts the request. Raises ApiError.

    A key of no order is not counted: the counters of guesses would fill Redis.
    """
    invoices = invoices_of_return_key(return_key)
    rate_limits.count(rate_limits.RETURN_PAGE, order=invoices[0].order_id)
    return invoices
