"""Responses to requests that find no place: Django's own error pages, made once and kept.

They need neither a thread nor a template, since they are sent while both are short.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.utils.translation import get_language_from_request

from seqrshop.serving.asgi_types import Scope
from seqrshop.serving.environ import environ_of
from seqrshop.serving.threads import Response, Wsgi, WsgiThreads
from seqrshop.storefront.middleware import BODY_ERROR_STATUS
from seqrshop.telemetry.request_ids import HEADER

REQUEST_ID_HEADER = HEADER.encode()
Kind = tuple[str, bool]  # the language, and whether it is a page


class OverloadResponses:
    """The responses 503 with Retry-After, by language and format."""

    def __init__(self, django: Wsgi) -> None:
        self._django = WsgiThreads(django)
        self._responses: dict[Kind, Response] = {}

    async def to(self, scope: Scope) -> Response:
        """Return the response to a request that is not served."""
        environ = environ_of(scope, b"", {})
        kind = get_language_from_request(WSGIRequest(environ)), _wants_page(environ)
        if kind not in self._responses:
            loop = asyncio.get_running_loop()
            self._responses[kind] = await loop.run_in_executor(None, self._make, kind)
        return self._responses[kind]

    def _make(self, kind: Kind) -> Response:
        language, is_page = kind
        public = urlsplit(settings.PUBLIC_BASE_URL)
        scope = {
            "method": "GET",
            "raw_path": b"/",
            "query_string": b"",
            "http_version": "1.1",
            "scheme": public.scheme,
            "headers": [
                (b"host", public.netloc.encode()),
                (b"x-forwarded-proto", public.scheme.encode()),
                (b"accept-language", language.encode()),
                (b"accept", b"text/html" if is_page else b"application/json"),
            ],
        }
        response = self._django.call_here(environ_of(scope, b"", {BODY_ERROR_STATUS: 503}))
        # It is kept for other requests, none of which has this one's id.
        response.headers = [each for each in response.headers if each[0] != REQUEST_ID_HEADER]
        return response


def _wants_page(environ: dict[str, Any]) -> bool:
    return "text/html" in environ.get("HTTP_ACCEPT", "")
