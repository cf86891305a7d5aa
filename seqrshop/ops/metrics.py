"""Metrics, made anew for each request.

They come from Redis and PostgreSQL, which all processes share: any web process tells the same.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from seqrshop.ops.bounded_reads import Reading, told
from seqrshop.ops.health_snapshot import health_snapshot, waiting
from seqrshop.ops.metrics_collector import Figures

_reading = Reading(lambda: (health_snapshot(), waiting()))


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Tell the figures to whoever has METRICS_TOKEN. Without such a setting nothing is here."""
    if not settings.METRICS_TOKEN:
        return HttpResponse(status=404)
    if not _is_allowed(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    stands, waits = _reading.now() or (None, None)
    return HttpResponse(
        generate_latest(Figures(told(), stands, waits)),
        content_type=CONTENT_TYPE_PLAIN_0_0_4,
        headers={"Cache-Control": "no-store"},
    )


def _is_allowed(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and constant_time_compare(token, settings.METRICS_TOKEN)
