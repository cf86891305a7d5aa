"""What comes before everything else: headers for every answer, and answers for who watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from seqrshop.ops.health import health, live
from seqrshop.ops.metrics import metrics

VIEWS = {"/health/live": live, "/health": health, "/metrics": metrics}

# What no page of ours asks a browser for, and no script that got into one should either.
NEVER_ASKED_FOR = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "serial",
    "usb",
)
ON_EVERY_ANSWER = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in NEVER_ASKED_FOR),
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@sync_and_async_middleware
def secure_answers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Give every answer the headers of ON_EVERY_ANSWER: files, errors and JSON as well as pages.

    Django sets some of them, on some.
    """
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            return _secured(await get_response(request))

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        return _secured(get_response(request))

    return answer


def _secured(response: HttpResponseBase) -> HttpResponseBase:
    for name, value in ON_EVERY_ANSWER.items():
        response.headers.setdefault(name, value)
    return response


class AnswerWatchers:
    """Has three addresses answered at once: without session, redirect to https or host names.

    A load balancer asks from within, over http and by a number for a host.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or pass the request on."""
        return VIEWS.get(request.path_info, self._get_response)(request)
