"""Shared by all JSON endpoints: allowed methods, CSRF protection, authentication."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from orders.models import CustomerSession
from orders.services import digests_of, session_of_digest
from payments.session_exchange import is_token
from seqrshop.json_text import json_bytes
from seqrshop.storefront import api_errors, rate_limits
from seqrshop.storefront.customer_cookie import token_digest_in_cookie

TOKEN_HEADER = "X-SEQR-Token"  # noqa: S105 - the name of a header
SAFE_METHODS = ("GET", "HEAD")

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def json_response(body: dict[str, Any], status: int = 200, **headers: str) -> HttpResponse:
    """Return a JSON response that no cache stores."""
    return HttpResponse(
        json_bytes(body),
        content_type="application/json",
        status=status,
        headers={"Cache-Control": "no-store", **headers},
    )


def endpoint(*methods: str) -> Callable[[View[P]], View[P]]:
    """Restrict a view to these methods, and its errors to JSON.

    The view is exempt from Django's own CSRF check: `require_customer` checks requests that are
    authenticated by cookie.
    """

    def decorate(view: View[P]) -> View[P]:
        @csrf_exempt
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method not in methods:
                raise api_errors.method_not_allowed(", ".join(methods))
            return view(request, *args, **kwargs)

        checked.is_json_endpoint = True  # type: ignore[attr-defined]  # read by error_pages
        return cast(View[P], checked)

    return decorate


def require_customer(
    view: Callable[Concatenate[HttpRequest, CustomerSession, P], HttpResponse],
) -> View[P]:
    """Pass the authenticated customer session to a view. Raises ApiError 401 without one.

    The token header wins over the cookie. A request that changes something by cookie needs the
    CSRF token. Counts the request against the rate limit of reads or of changes.
    """

    @wraps(view)
    def authenticated(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        session = authenticate(request)
        is_read = request.method in SAFE_METHODS
        rate_limits.count(
            rate_limits.READ if is_read else rate_limits.CHANGE,
            token=session.token_digest,
            customer=session.customer_id,
        )

        def call_view(request: HttpRequest) -> HttpResponse:
            return view(request, session, *args, **kwargs)

        if is_read or TOKEN_HEADER in request.headers:
            return call_view(request)
        return csrf_protect(call_view)(request)

    return cast(View[P], authenticated)


def authenticate(request: HttpRequest) -> CustomerSession:
    """Return the live customer session of the request's header or cookie. Raises ApiError.

    Unknown tokens are counted by the address; a malformed one is no guess, and costs nothing.
    """
    for digest in presented_digests(request):
        session = session_of_digest(digest)
        if session is not None:
            return session
    if TOKEN_HEADER in request.headers:
        rate_limits.count(rate_limits.UNKNOWN_TOKEN, address=rate_limits.client_address(request))
    raise api_errors.invalid_session()


def presented_digests(request: HttpRequest) -> list[str]:
    """Return the digests by which the session of the request's header or cookie may be stored.

    Raises ApiError 401 for a malformed token.
    """
    token = request.headers.get(TOKEN_HEADER)
    if token is None:
        digest = token_digest_in_cookie(request)
        return [] if digest is None else [digest]
    if not is_token(token):
        raise api_errors.invalid_session()
    return digests_of(token)


def require_same_origin(request: HttpRequest) -> None:
    """Reject a request that a page of another site has sent. Raises ApiError."""
    origin = request.headers.get("Origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return
    if urlsplit(origin).netloc != request.get_host():
        raise api_errors.csrf_failed()
