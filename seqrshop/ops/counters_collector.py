"""The counters and histograms in Prometheus's form, with what else all processes publish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from seqrshop import __version__
from seqrshop.ops.health_snapshot import Books
from seqrshop.process_metrics.celery import scheduled_tasks
from seqrshop.process_metrics.definitions import UNBOUNDED, Histogram
from seqrshop.process_metrics.shared import Distribution, Labels, SharedMetrics

KINDS = ("web", "worker", "background", "poller", "beat")  # of the Procfile
TOTALS = {
    "payments": "Payments that SEQR has confirmed, by their receipts",
    "refunds": "Refunds that SEQR has made, by their receipts",
    "reversals": "Payments that SEQR has reversed, by their receipts",
}


class CountersCollector(Collector):
    """All counters at one moment. None means that Redis or PostgreSQL is unavailable."""

    def __init__(self, shared: SharedMetrics | None, books: Books | None) -> None:
        self._shared = shared
        self._books = books

    def collect(self) -> Iterator[Metric]:
        """Yield each metric that is known."""
        info = GaugeMetricFamily(
            "seqrshop_info", "The version of the process that answers", labels=["version"]
        )
        info.add_metric([__version__], 1)
        yield info
        if self._books:
            yield from _from_books(self._books)
        if self._shared:
            yield from _from_processes(self._shared)


def _from_books(books: Books) -> Iterator[Metric]:
    for name, documentation in TOTALS.items():
        total = CounterMetricFamily(f"seqrshop_{name}", documentation, labels=["shop"])
        for each in books.totals:
            total.add_metric([each.shop], getattr(each, name))
        yield total
    if books.audit_digested_until is not None:
        yield GaugeMetricFamily(
            "seqrshop_audit_digested_until_timestamp_seconds",
            "The end of the last day of the audit that has a digest",
            value=books.audit_digested_until.timestamp(),
        )


def _from_processes(shared: SharedMetrics) -> Iterator[Metric]:
    for counter, counts in shared.counters.items():
        counted = CounterMetricFamily(counter.name, counter.documentation, labels=counter.labels)
        for labels, count in sorted(counts.items()):
            counted.add_metric(labels, count)
        yield counted
    for histogram, distributions in shared.histograms.items():
        yield _histogram(histogram, distributions)
    yield _gauge(
        "seqrshop_processes",
        "Processes that have published that they run, in the last 20 seconds",
        "kind",
        {kind: shared.processes.get(kind, 0) for kind in KINDS},
    )
    yield _gauge("seqrshop_queue_length", "Tasks that wait for a worker", "queue", shared.queues)
    yield _gauge(
        "seqrshop_task_last_success_timestamp_seconds",
        "When a scheduled task last succeeded; absent before the first time",
        "task",
        shared.successes,
    )
    yield _gauge(
        "seqrshop_task_interval_seconds",
        "How often Beat enqueues a task",
        "task",
        scheduled_tasks(),
    )


def _histogram(
    histogram: Histogram, distributions: dict[Labels, Distribution]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(histogram.name, histogram.documentation, labels=histogram.labels)
    bounds = [*map(str, histogram.bounds), UNBOUNDED]
    for labels, distribution in sorted(distributions.items()):
        cumulative = map(float, accumulate(distribution.counts))
        buckets = list(zip(bounds, cumulative, strict=True))
        family.add_metric(labels, buckets, sum_value=distribution.seconds)
    return family


def _gauge(name: str, documentation: str, label: str, values: Mapping[str, float]) -> Metric:
    gauge = GaugeMetricFamily(name, documentation, labels=[label])
    for value, number in sorted(values.items()):
        gauge.add_metric([value], number)
    return gauge
