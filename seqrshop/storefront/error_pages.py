"""Answers for what went wrong: a page for people, JSON for programs."""

from __future__ import annotations

from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from seqrshop.storefront import api_errors
from seqrshop.storefront.api_errors import ApiError
from seqrshop.storefront.endpoint import json_answer

MAY_PASS = (408, 429, 500, 503)


def answer(request: HttpRequest, refusal: ApiError) -> HttpResponse:
    """Return the answer that says this to whoever asks."""
    if _wants_page(request):
        again = request.get_full_path() if refusal.status in MAY_PASS else None
        context = {"refusal": refusal, "again": again}
        response = render(request, "storefront/error.html", context, status=refusal.status)
        for name, value in refusal.headers.items():
            response[name] = value
        return response
    return json_answer(refusal.as_json(), refusal.status, **refusal.headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself does not take (handler400).

    It calls so also one whose session it could not save, as where the database is away just then.
    """
    if isinstance(exception, SessionInterrupted):
        return answer(request, api_errors.temporarily_unavailable())
    return answer(request, api_errors.malformed(_("This address cannot be read.")))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer where somebody is not allowed something (handler403)."""
    return answer(request, ApiError(403, "forbidden", _("You may not do this.")))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a request without the token of our own page (CSRF_FAILURE_VIEW)."""
    return answer(request, api_errors.csrf_failed())


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer where there is nothing (handler404)."""
    return answer(request, api_errors.not_found())


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a fault of ours (handler500); the log has what it was."""
    return answer(request, api_errors.internal_error())


def _wants_page(request: HttpRequest) -> bool:
    """Whether a browser asks for a page: a program says nothing of HTML, our script neither."""
    match = request.resolver_match
    if match is not None and getattr(match.func, "answers_json", False):
        return False
    return "text/html" in request.headers.get("Accept", "")
