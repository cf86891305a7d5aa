"""JSON API: create, read, pay and cancel the customer's orders."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.audit import ChangeSource
from orders.languages import current_language
from orders.models import CustomerSession, Order, SourceName
from orders.services import (
    AnotherOrderOpen,
    CustomerErased,
    NonceReused,
    OrderNotAccepted,
    PriceChanged,
    place_order,
)
from orders.templatetags.money import money
from payments import tasks
from payments.availability.availability import ShopUnavailable
from payments.availability.messages import unavailable_message
from payments.call_places import NoPlaceForCall, place_for_call
from payments.invoices.cancel import AlreadyPaid, cancel_invoice, request_cancel
from payments.invoices.create import create_invoice, current_of, retry_payment
from payments.models import CancelReason, Invoice
from seqrshop.storefront import api_errors
from seqrshop.storefront.api_errors import ApiError
from seqrshop.storefront.endpoint import endpoint, json_response, require_customer
from seqrshop.storefront.json_input import read_object, read_order
from seqrshop.storefront.json_output import (
    order_details,
    order_summary,
)
from seqrshop.storefront.menu import amount, product_with_price
from seqrshop.storefront.order_queries import customer_invoice, rows_read_with
from seqrshop.storefront.own_order import read_own_order
from seqrshop.storefront.shops import require_shop_of
from seqrshop.storefront.stale_invoice import refresh_if_stale
from seqrshop.storefront.streams.stream_acceptor import accept_stream

SOURCE = ChangeSource(SourceName.CUSTOMER)


@endpoint("POST")
@require_customer
def create_order(
    request: HttpRequest, session: CustomerSession, slug: str | None = None
) -> HttpResponse:
    """Create an order with its invoice and enqueue sending: 201, or 200 for a repeated nonce."""
    require_shop_of(session, slug)
    requested = read_order(read_object(request))
    try:
        with transaction.atomic():
            order, is_new = place_order(session, requested, current_language())
            if is_new:
                _send_on_commit(create_invoice(order).pk)
    except CustomerErased:
        raise api_errors.invalid_session() from None
    except OrderNotAccepted as error:
        raise api_errors.invalid(error.field, error.reason) from None
    except AnotherOrderOpen as error:
        raise _order_open(session, error) from None
    except NonceReused as error:
        order_now = _details(customer_invoice(session, error.order.public_id))
        message = _("This order has already been placed, with other contents.")
        raise _conflict("nonce_reused", message, order_now) from None
    except PriceChanged as error:
        raise _price_changed(error, session.shop.currency) from None
    except ShopUnavailable as error:
        raise _shop_unavailable(error) from None
    return json_response(order_summary(order), 201 if is_new else 200)


@endpoint("GET", "HEAD")
def show_order(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Return an order; refresh its invoice where the poller is stalled."""
    invoice = current_of(read_own_order(request, public_id))
    refresh_if_stale(invoice)
    return json_response(_details(invoice))


@endpoint("GET", "HEAD")
def order_events(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Return an order, then stream its changes if the server supports streams."""
    invoices = read_own_order(request, public_id)
    invoice = current_of(invoices)
    refresh_if_stale(invoice)
    reader = f"customer {invoice.order.customer_id}"
    accept_stream(request, invoices, "order", reader, invoices[0].session_expires_at)
    return json_response(_details(invoice))


@endpoint("POST")
@require_customer
def pay_order(request: HttpRequest, session: CustomerSession, public_id: UUID) -> HttpResponse:
    """Create a new invoice for an order whose last one was not paid, and enqueue sending."""
    try:
        with transaction.atomic():
            _send_on_commit(retry_payment(session.customer_id, public_id, SOURCE).pk)
    except CustomerErased:
        raise api_errors.invalid_session() from None
    except Order.DoesNotExist:
        raise api_errors.not_found() from None
    except AnotherOrderOpen as error:
        raise _order_open(session, error) from None
    except OrderNotAccepted as error:
        order_now = _details(customer_invoice(session, public_id))
        raise _conflict("not_payable", error.reason, order_now) from None
    except ShopUnavailable as error:
        raise _shop_unavailable(error) from None
    return json_response(_details(customer_invoice(session, public_id)))


@endpoint("POST")
@require_customer
def cancel_order(request: HttpRequest, session: CustomerSession, public_id: UUID) -> HttpResponse:
    """Cancel the order's invoice; cancel_pending until SEQR confirms.

    While other requests wait for SEQR, recovery calls it in place of this one.
    """
    invoice = customer_invoice(session, public_id)
    try:
        try:
            with place_for_call():
                cancel_invoice(invoice.pk, CancelReason.CUSTOMER, SOURCE)
        except NoPlaceForCall:
            request_cancel(invoice.pk, CancelReason.CUSTOMER, SOURCE)
    except AlreadyPaid:
        order_now = _details(customer_invoice(session, public_id))
        raise _conflict("already_paid", _("This order is already paid."), order_now) from None
    return json_response(_details(customer_invoice(session, public_id)))


def _details(invoice: Invoice) -> dict[str, Any]:
    return order_details(invoice, rows_read_with(invoice))


def _send_on_commit(invoice_id: int) -> None:
    transaction.on_commit(partial(tasks.enqueue, tasks.send_invoice, invoice_id))


def _order_open(session: CustomerSession, error: AnotherOrderOpen) -> ApiError:
    order_now = _details(customer_invoice(session, error.order.public_id))
    return _conflict("order_open", _("You already have an unpaid order."), order_now)


def _price_changed(error: PriceChanged, currency: str) -> ApiError:
    totals = {"before": money(error.seen, currency), "now": money(error.total, currency)}
    return ApiError(
        409,
        "price_changed",
        _(
            "The prices have changed: the total was %(before)s and is now %(now)s."
            " Order again to accept it."
        )
        % totals,
        total={"value": amount(error.total), "currency": currency},
        products=[product_with_price(item) for item in error.products],
    )


def _shop_unavailable(error: ShopUnavailable) -> ApiError:
    return api_errors.shop_unavailable(unavailable_message(error.unavailable, timezone.now()))


def _conflict(code: str, message: str, order: dict[str, Any]) -> ApiError:
    return ApiError(409, code, message, order=order)
