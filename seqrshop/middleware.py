"""Answers those who watch the shop, before anything else looks at their request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from seqrshop.health import health, live
from seqrshop.metrics import metrics

VIEWS = {"/health/live": live, "/health": health, "/metrics": metrics}


class AnswerWatchers:
    """Has three addresses answered at once: without session, redirect to https or host names.

    A load balancer asks from within, over http and by a number for a host.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or pass the request on."""
        return VIEWS.get(request.path_info, self._get_response)(request)
