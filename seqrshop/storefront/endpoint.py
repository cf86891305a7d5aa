"""What all JSON endpoints share: methods, CSRF, and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from orders.models import CustomerSession
from orders.services import session_by_id, session_of_token
from seqrshop.storefront import api_errors, rate_limits

TOKEN_HEADER = "X-SEQR-Token"  # noqa: S105 - the name of a header
SESSION_KEY = "customer_session"
READING = ("GET", "HEAD")

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def json_answer(body: dict[str, Any], status: int = 200, **headers: str) -> JsonResponse:
    """Return an answer that nothing on its way keeps."""
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store", **headers})


def endpoint(*methods: str) -> Callable[[View[P]], View[P]]:
    """Let a view take these methods only, and have every error of it told as JSON.

    It is exempt from Django's own CSRF check: `for_customer` makes it where a cookie is believed.
    """

    def decorate(view: View[P]) -> View[P]:
        @csrf_exempt
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method not in methods:
                raise api_errors.method_not_allowed(", ".join(methods))
            return view(request, *args, **kwargs)

        checked.answers_json = True  # type: ignore[attr-defined]  # read by orders.middleware
        return cast(View[P], checked)

    return decorate


def for_customer(
    view: Callable[Concatenate[HttpRequest, CustomerSession, P], HttpResponse],
) -> View[P]:
    """Give a view the session of the customer who asks, or refuse with 401.

    A token in the header is believed before a cookie, which needs the CSRF token to change
    anything. The request is counted as a reading or a changing one.
    """

    @wraps(view)
    def authenticated(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        session = session_of_request(request)
        reading = request.method in READING
        rate_limits.count(
            rate_limits.READ if reading else rate_limits.CHANGE,
            token=session.token_digest,
            customer=session.customer_id,
            address=rate_limits.client_address(request),
        )

        def act(request: HttpRequest) -> HttpResponse:
            return view(request, session, *args, **kwargs)

        if reading or TOKEN_HEADER in request.headers:
            return act(request)
        return csrf_protect(act)(request)

    return cast(View[P], authenticated)


def session_of_request(request: HttpRequest) -> CustomerSession:
    """Return the live session that the request's header or cookie stands for. Raises Refusal."""
    token = request.headers.get(TOKEN_HEADER)
    if token is not None:
        session = session_of_token(token)
        if session is None:
            rate_limits.count(
                rate_limits.UNKNOWN_TOKEN, address=rate_limits.client_address(request)
            )
    else:
        session_id = request.session.get(SESSION_KEY)
        session = session_by_id(session_id) if isinstance(session_id, int) else None
    if session is None:
        raise api_errors.invalid_session()
    return session


def remember_session(request: HttpRequest, session: CustomerSession) -> None:
    """Put the customer's session into the browser's, under a new key, in place of an earlier one.

    What else the browser's session holds stays: a person who tries the shop out may be signed in
    to the admin in the same browser.
    """
    if request.session.get(SESSION_KEY) != session.pk:
        request.session.cycle_key()
        request.session[SESSION_KEY] = session.pk


def require_own_page(request: HttpRequest) -> None:
    """Refuse what a browser sends for the page of another site. Raises Refusal."""
    origin = request.headers.get("Origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return
    if urlsplit(origin).netloc != request.get_host():
        raise api_errors.csrf_failed()
