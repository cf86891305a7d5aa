"""Gives each request an id, which its log lines, its tasks and its response carry."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from seqrshop.telemetry import log_context

HEADER = "X-Request-ID"
# As proxies make them: hexadecimal digits, a UUID, base64. Too long for a phone number or a code.
_ID_OF_PROXY = re.compile(r"[0-9A-Za-z_-]{16,64}")


class RequestIdMiddleware:
    """Starts the log context of a request with its id, and names the id in the response.

    The id is that of the header X-Request-ID behind TRUSTED_PROXIES proxies of our own, which set
    it; else, and where it has another form, a new one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle a request with its id."""
        request_id = _id_of(request)
        log_context.start(request_id=request_id)
        response = self._get_response(request)
        response.headers[HEADER] = request_id
        return response


def _id_of(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "") if settings.TRUSTED_PROXIES else ""
    return given if _ID_OF_PROXY.fullmatch(given) else uuid4().hex
