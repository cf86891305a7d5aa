"""Metrics for Prometheus, read at each request.

They come from Redis and PostgreSQL, which all processes share: every web process returns the same.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from seqrshop.ops.bounded_reads import SharedRead, heartbeats_or_none, shared_metrics_or_none
from seqrshop.ops.counters_collector import CountersCollector
from seqrshop.ops.health_snapshot import read_backlog, read_books, read_health_snapshot
from seqrshop.ops.metrics_collector import MetricsCollector

# The receipts may take long while the takings are counted anew: then they alone are missing.
BOOKS_TIMEOUT_SECONDS = 1.0

_snapshot_and_backlog = SharedRead(lambda: (read_health_snapshot(), read_backlog()))
_books = SharedRead(read_books, failure="receipts are not counted for the metrics")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to a client that has METRICS_TOKEN; 404 without that setting."""
    if not settings.METRICS_TOKEN:
        return HttpResponse(status=404)
    if not _has_token(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    snapshot, backlog = _snapshot_and_backlog.result() or (None, None)
    books = _books.result(BOOKS_TIMEOUT_SECONDS) if snapshot else None
    gauges = MetricsCollector(heartbeats_or_none(), snapshot, backlog)
    counters = CountersCollector(shared_metrics_or_none(), books)
    return HttpResponse(
        generate_latest(gauges) + generate_latest(counters),
        content_type=CONTENT_TYPE_PLAIN_0_0_4,
        headers={"Cache-Control": "no-store"},
    )


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and constant_time_compare(token, settings.METRICS_TOKEN)
