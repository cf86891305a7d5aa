"""Error responses: a page for people, JSON for programs."""

from __future__ import annotations

from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seqrshop.storefront import api_errors
from seqrshop.storefront.api_errors import ApiError
from seqrshop.storefront.endpoint import json_response

RETRYABLE_STATUSES = (408, 429, 500, 503)
SELF_RETRYING_STATUSES = (429, 503)  # with the time after which it may succeed

# What a person can do about an error whose message says what has happened.
SELF_RETRYING_ADVICE = gettext_lazy(
    "This page tries again by itself. Any order that you have placed is still here."
)
SCAN_ADVICE = gettext_lazy("Scan the code in the shop with the SEQR app to begin.")
ADVICE: dict[int, Promise] = {
    408: gettext_lazy("Check your connection. Any order that you have placed is still here."),
    429: SELF_RETRYING_ADVICE,
    500: gettext_lazy("The fault is ours. Any order that you have placed is still here."),
    503: SELF_RETRYING_ADVICE,
}


def error_response(request: HttpRequest, error: ApiError) -> HttpResponse:
    """Return the error as a page or as JSON, as the client accepts."""
    if _wants_page(request):
        # A page that was read reloads itself; a form that was sent would ask whether to send it.
        retries_itself = error.status in SELF_RETRYING_STATUSES and request.method == "GET"
        context = {
            "error": error,
            "advice": ADVICE.get(error.status, SCAN_ADVICE),
            "has_start_page": error.status == 404,
            "is_retryable": error.status in RETRYABLE_STATUSES,
            "query": request.META.get("QUERY_STRING", ""),
            "retry_seconds": error.headers.get("Retry-After", "") if retries_itself else "",
        }
        response = render(request, "storefront/error.html", context, status=error.status)
        for name, value in error.headers.items():
            response[name] = value
        return response
    return json_response(error.as_json(), error.status, **error.headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response to a request that Django rejects (handler400).

    Django also calls this where it could not save the session because the database went away.
    """
    if isinstance(exception, SessionInterrupted):
        return error_response(request, api_errors.temporarily_unavailable())
    return error_response(request, api_errors.malformed(_("This address is not complete.")))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response to a forbidden request (handler403)."""
    return error_response(request, ApiError(403, "forbidden", _("You are not allowed to do this.")))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the response to a request without a valid CSRF token (CSRF_FAILURE_VIEW)."""
    return error_response(request, api_errors.csrf_failed())


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response for an unknown address (handler404)."""
    return error_response(request, api_errors.not_found())


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the response after an unexpected exception, which Django logs (handler500)."""
    return error_response(request, api_errors.internal_error())


def _wants_page(request: HttpRequest) -> bool:
    """Whether the client accepts HTML, as browsers do and our scripts do not."""
    match = request.resolver_match
    if match is not None and getattr(match.func, "is_json_endpoint", False):
        return False
    return "text/html" in request.headers.get("Accept", "")
