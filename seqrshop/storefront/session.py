"""POST session: exchanges a token for a customer session."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.gzip import gzip_page

from orders.models import CustomerSession, Order
from orders.services import blocking_order, digest_of, latest_order
from payments.availability.pause import payments_are_paused
from payments.seqr import SeqrError
from payments.session_exchange import (
    TokenOfAnotherShop,
    TokenRefused,
    TooManyExchanges,
    exchange_token,
)
from seqrshop.storefront import api_errors, rate_limits
from seqrshop.storefront.endpoint import (
    authenticate,
    endpoint,
    json_response,
    require_same_origin,
    store_session,
)
from seqrshop.storefront.json_input import read_object, read_reference, read_token
from seqrshop.storefront.json_output import orders_with_details, session_details
from seqrshop.storefront.shops import shop_at


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
    shop = shop_at(slug)
    if token is None:
        session = authenticate(request)
        if session.shop_id != shop.pk:
            raise api_errors.other_shop()
        rate_limits.count(
            rate_limits.SESSION,
            token=session.token_digest,
            customer=session.customer_id,
            address=rate_limits.client_address(request),
        )
    else:
        rate_limits.count(
            rate_limits.SESSION, token=digest_of(token), address=rate_limits.client_address(request)
        )
        try:
            session = exchange_token(shop, token)
        except TokenOfAnotherShop:
            raise api_errors.other_shop() from None
        except TokenRefused:
            raise api_errors.invalid_session() from None
        except (SeqrError, TooManyExchanges):
            if payments_are_paused(shop.terminal_id):
                raise api_errors.payments_paused() from None
            raise api_errors.seqr_unavailable() from None
        store_session(request, session)
        get_token(request)  # sets the CSRF cookie for a client that has loaded no page
    return json_response(
        session_details(
            session,
            shop,
            open_order=_with_details(blocking_order(session.customer, shop)),
            latest_order=_latest(session, reference),
        )
    )


def _with_details(order: Order | None) -> Order | None:
    return None if order is None else orders_with_details().get(pk=order.pk)


def _latest(session: CustomerSession, reference: str | None) -> Order | None:
    """Return this customer's order of the reference; without one, their latest at the shop."""
    if reference is None:
        return _with_details(latest_order(session.customer, session.shop))
    return (
        orders_with_details()
        .filter(customer=session.customer, invoices__invoice_reference=reference)
        .first()
    )
