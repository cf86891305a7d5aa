"""Chooses a response's language; turns exceptions into error responses."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from seqrshop.storefront import api_errors
from seqrshop.storefront.api_errors import ApiError
from seqrshop.storefront.error_pages import error_response
from seqrshop.storefront.rate_limits import TooManyRequests

logger = logging.getLogger(__name__)

# Key in the WSGI environment: the status with which to reject a body that was not received.
BODY_ERROR_STATUS = "seqrshop.body_error_status"


class LanguageMiddleware(LocaleMiddleware):
    """Lets a reader choose a page's language by `?language=sv`; Django's cookie remembers it.

    The query works without the cookie, which a web view may reject. JSON follows
    Accept-Language alone: an open page keeps its language when another tab changes the cookie.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Activate the language chosen, or the one that the browser prefers."""
        chosen = _language_chosen(request)
        if chosen is not None:
            translation.activate(chosen)
            return
        if "text/html" not in request.headers.get("Accept", ""):
            request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
        super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Remember the chosen language for the next page."""
        chosen = _language_chosen(request)
        if chosen is not None:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                chosen,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                samesite="Lax",
            )
        return super().process_response(request, response)


def _language_chosen(request: HttpRequest) -> str | None:
    language = request.GET.get("language")
    return language if language in dict(settings.LANGUAGES) else None


class ApiErrorMiddleware:
    """Responds to API errors, exceeded rate limits, missing bodies and database outages.

    Django handles every other exception.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Reject a request whose body the server did not receive."""
        status = request.META.get(BODY_ERROR_STATUS)
        if status is not None:
            return error_response(request, api_errors.body_not_received(status))
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the error response to an exception, or None to leave it to Django."""
        if isinstance(error, ApiError):
            return error_response(request, error)
        if isinstance(error, TooManyRequests):
            return error_response(request, api_errors.too_many_requests(error.retry_after))
        if isinstance(error, OperationalError | InterfaceError):
            logger.error("the database is unavailable: %s", type(error).__name__)
            return error_response(request, api_errors.temporarily_unavailable())
        return None
