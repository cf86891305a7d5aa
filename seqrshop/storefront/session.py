"""POST session: exchanges a token for a customer session."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.gzip import gzip_page

from orders.services import digest_of, rows_of
from payments.availability.pause import payments_are_paused
from payments.call_places import NoPlaceForCall, restrict_caller
from payments.models import Invoice
from payments.seqr import SeqrError
from payments.session_exchange import (
    TokenOfAnotherShop,
    TokenRefusedBySeqr,
    exchange_token,
    is_token,
)
from seqrshop.storefront import api_errors, rate_limits
from seqrshop.storefront.customer_cookie import set_customer_cookie
from seqrshop.storefront.endpoint import (
    authenticate,
    endpoint,
    json_response,
    require_same_origin,
)
from seqrshop.storefront.json_input import read_object, read_reference, read_token
from seqrshop.storefront.json_output import awaited_order, order_details, session_details
from seqrshop.storefront.order_queries import (
    invoice_of_reference,
    orders_of_session,
)
from seqrshop.storefront.shops import shop_with_availability_at


@endpoint("POST")
@gzip_page
def create_session(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Exchange a token, or resume the session of the header or cookie without one.

    Against login CSRF, by which another site's page would sign a customer in as another: its
    Origin is rejected, and a browser sends JSON across sites only with a permission that we never
    give.
    """
    require_same_origin(request)
    body = read_object(request)
    token, reference = read_token(body), read_reference(body)
    shop = shop_with_availability_at(slug)
    if token is None:
        session = authenticate(request)
        if session.shop_id != shop.pk:
            raise api_errors.other_shop()
        rate_limits.count(
            rate_limits.SESSION,
            token=session.token_digest,
            customer=session.customer_id,
        )
    else:
        if not is_token(token):
            raise api_errors.invalid_session()
        rate_limits.count(rate_limits.SESSION, token=digest_of(token))
        address = rate_limits.client_address(request)
        try:
            session = exchange_token(shop, token, caller=address)
        except TokenOfAnotherShop:
            raise api_errors.other_shop() from None
        except TokenRefusedBySeqr:
            _count_refusal(address)
            raise api_errors.invalid_session() from None
        except (SeqrError, NoPlaceForCall):
            if payments_are_paused(shop.terminal_id):
                raise api_errors.payments_paused() from None
            raise api_errors.seqr_unavailable() from None
        get_token(request)  # sets the CSRF cookie for a client that has loaded no page
    orders = orders_of_session(session)
    latest = orders.latest
    if reference is not None:
        latest = invoice_of_reference(session, reference)
    open_order = _details(orders.blocking)
    response = json_response(
        session_details(
            session,
            shop,
            open_order=open_order,
            latest_order=open_order if latest is orders.blocking else _details(latest),
            awaited_orders=[awaited_order(invoice) for invoice in orders.awaited],
        )
    )
    if token is not None:
        set_customer_cookie(response, session)
    return response


def _count_refusal(address: str) -> None:
    """Count a token that SEQR has refused; beyond the limit, the address has one call at a time."""
    try:
        rate_limits.count(rate_limits.REFUSED_BY_SEQR, address=address)
    except rate_limits.TooManyRequests:
        restrict_caller(address)


def _details(invoice: Invoice | None) -> dict[str, Any] | None:
    return None if invoice is None else order_details(invoice, rows_of(invoice.order))
