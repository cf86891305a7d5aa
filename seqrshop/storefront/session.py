"""POST session: a token becomes a customer's visit."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.gzip import gzip_page

from orders.models import CustomerSession, Order
from orders.services import blocking_order, digest_of, latest_order
from payments.seqr import SeqrError
from payments.session_exchange import TokenOfAnotherShop, TokenRefused, exchange_token
from seqrshop.storefront import api_errors, rate_limits
from seqrshop.storefront.endpoint import (
    endpoint,
    json_answer,
    remember_session,
    require_own_page,
    session_of_request,
)
from seqrshop.storefront.json_input import read_object, read_reference, read_token
from seqrshop.storefront.json_output import orders_with_details, session_details
from seqrshop.storefront.shops import shop_at


@endpoint("POST")
@gzip_page
def open_visit(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Exchange a token, or take up the visit of the header or the cookie where none is given.

    A signed-in customer could be made another by another site's page (login CSRF). No browser
    lets such a page send JSON without our leave, which is never given, and its Origin is refused.
    """
    require_own_page(request)
    body = read_object(request)
    token, reference = read_token(body), read_reference(body)
    shop = shop_at(slug)
    if token is None:
        session = session_of_request(request)
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
        except SeqrError:
            raise api_errors.seqr_unavailable() from None
        remember_session(request, session)
        get_token(request)  # the cookie that changing requests need, for who has not seen a page
    return json_answer(
        session_details(
            session,
            shop,
            open_order=_fetched(blocking_order(session.customer, shop)),
            latest_order=_latest(session, reference),
        )
    )


def _fetched(order: Order | None) -> Order | None:
    return None if order is None else orders_with_details().get(pk=order.pk)


def _latest(session: CustomerSession, reference: str | None) -> Order | None:
    """Return the order of this customer that the reference names, else the latest here."""
    if reference is None:
        return _fetched(latest_order(session.customer, session.shop))
    return (
        orders_with_details()
        .filter(customer=session.customer, invoices__invoice_reference=reference)
        .first()
    )
