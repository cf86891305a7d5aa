"""The browser's cookie of a customer session. The staff's session has a cookie of its own.

The cookie holds the digest of the session's token, signed. So it costs no row and no query of its
own: the customer session is read with each request, and the cookie is worth nothing once that
session has expired or is deleted.
"""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse

from orders.models import CustomerSession

SALT = "seqrshop.storefront.customer_cookie"


def set_customer_cookie(response: HttpResponse, session: CustomerSession) -> None:
    """Let the browser send this customer session from now on, in place of an earlier one."""
    response.set_cookie(
        settings.CUSTOMER_COOKIE_NAME,
        Signer(salt=SALT).sign(session.token_digest),
        max_age=settings.CUSTOMER_SESSION_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def token_digest_in_cookie(request: HttpRequest) -> str | None:
    """Return the digest of the session's token, or None without a cookie that we have signed."""
    cookie = request.COOKIES.get(settings.CUSTOMER_COOKIE_NAME)
    if cookie is None:
        return None
    try:
        return Signer(salt=SALT).unsign(cookie)
    except BadSignature:
        return None
