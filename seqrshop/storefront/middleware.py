"""Which language an answer is in; and what a view raises, told so that its client understands."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from seqrshop.storefront import api_errors, error_pages
from seqrshop.storefront.api_errors import ApiError
from seqrshop.storefront.rate_limits import TooManyRequests

logger = logging.getLogger(__name__)

NOT_READ = "seqrshop.not_read"  # in the environment: why the server could not read the body


class ChosenLanguage(LocaleMiddleware):
    """Lets whoever reads a page choose its language, by `?language=sv`; Django's cookie keeps it.

    The query does without the cookie, which a web view may not take. Data, which is not asked for
    as HTML, comes as Accept-Language alone says: a page that is shown goes on in its own language,
    whatever has been chosen in another tab.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Go on in the language chosen, or else in what the browser prefers."""
        chosen = _language_chosen(request)
        if chosen is not None:
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
            return
        if "text/html" not in request.headers.get("Accept", ""):
            request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
        super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Keep what was chosen for the next page."""
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


class AnswerApiErrors:
    """Answers refusals, limits, a body that did not come and a database that is away.

    Every other error is left to Django.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, if the server could read it."""
        not_read = request.META.get(NOT_READ)
        if not_read is not None:
            return error_pages.answer(request, api_errors.not_read(not_read))
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the answer to what a view has raised, or None for what is not ours."""
        if isinstance(error, ApiError):
            return error_pages.answer(request, error)
        if isinstance(error, TooManyRequests):
            return error_pages.answer(request, api_errors.too_many_requests(error.retry_after))
        if isinstance(error, OperationalError | InterfaceError):
            logger.error("the database is away: %s", type(error).__name__)
            return error_pages.answer(request, api_errors.temporarily_unavailable())
        return None
