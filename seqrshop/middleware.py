"""Outermost middleware: security headers, the endpoints for monitoring, and request metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from asgiref.sync import iscoroutinefunction
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from seqrshop.ops.health import health, live, ready
from seqrshop.ops.metrics import metrics
from seqrshop.process_metrics import REQUEST_SECONDS, count_request

MONITORING_VIEWS = {
    "/health/live": live,
    "/health/ready": ready,
    "/health": health,
    "/metrics": metrics,
}
NO_ROUTE = "none"  # an address that leads nowhere

# Browser features that no page uses, denied to injected scripts too.
DENIED_FEATURES = (
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
    "serial",
    "usb",
)
PASSKEY_PATH = "/staff/"  # where the staff prove a passkey
DENIED_FEATURES_AND_PASSKEYS = (*DENIED_FEATURES, "publickey-credentials-get")

DEBUG_PAGES = (HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR)


def _denied(features: Iterable[str]) -> str:
    return ", ".join(f"{feature}=()" for feature in features)


SECURITY_HEADERS = {
    "Content-Security-Policy": build_policy(),  # of the settings, made once
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": _denied(DENIED_FEATURES_AND_PASSKEYS),
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@sync_and_async_middleware
def security_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Add SECURITY_HEADERS to every response: files, errors and JSON as well as pages.

    Django sets only some of them, and not on every response. django-csp's middleware would make the
    same policy anew for each.
    """
    if iscoroutinefunction(get_response):

        async def respond_async(request: HttpRequest) -> HttpResponseBase:
            return _with_headers(request, await get_response(request))

        return respond_async

    def respond(request: HttpRequest) -> HttpResponseBase:
        return _with_headers(request, get_response(request))

    return respond


def _with_headers(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if request.path_info.startswith(PASSKEY_PATH):
        response.headers["Permissions-Policy"] = _denied(DENIED_FEATURES)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if settings.DEBUG and response.status_code in DEBUG_PAGES:
        del response.headers["Content-Security-Policy"]  # they have inline styles
    return response


class MonitoringMiddleware:
    """Serves health and metrics ahead of sessions, the https redirect and the host check.

    A load balancer requests them over http and by IP address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Call the monitoring view of this path, or pass the request on."""
        return MONITORING_VIEWS.get(request.path_info, self._get_response)(request)


class RequestMetricsMiddleware:
    """Counts requests by the name of their route, and the time that they take.

    It stands behind MonitoringMiddleware: requests of monitors are not counted.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, and count it."""
        began_at = time.monotonic()
        response = self._get_response(request)
        match = request.resolver_match
        route = match.view_name if match else NO_ROUTE
        count_request(route, request.method or "", response.status_code)
        REQUEST_SECONDS.observe(time.monotonic() - began_at, route)
        return response
