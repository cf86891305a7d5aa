"""Reads from Redis what all processes have counted, and which processes run."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings

from seqrshop.presence import present_processes
from seqrshop.process_metrics.definitions import (
    COUNTERS,
    HISTOGRAMS,
    MICROSECONDS,
    SUM,
    UNBOUNDED,
    Counter,
    Histogram,
)
from seqrshop.process_metrics.pending import Key
from seqrshop.process_metrics.publisher import SUCCESSES_KEY, SUMS_KEY
from seqrshop.redis_client import REQUEST_TIMEOUT_SECONDS, redis_client

Labels = tuple[str, ...]


@dataclass
class Distribution:
    """The counts of a histogram's buckets, the last without a bound, and the sum in seconds."""

    counts: list[int]
    seconds: float = 0.0


@dataclass(frozen=True)
class SharedMetrics:
    """The sums of all processes, the processes that run by kind, and waiting tasks by queue.

    `successes` has the time, in seconds since 1970, at which a task last succeeded.
    """

    counters: dict[Counter, dict[Labels, int]]
    histograms: dict[Histogram, dict[Labels, Distribution]]
    processes: Mapping[str, int]
    successes: Mapping[str, float]
    queues: Mapping[str, int]


def read_shared_metrics() -> SharedMetrics:
    """Read them in two round trips. Raises RedisError when Redis does not answer."""
    queues = sorted(_queue_names())
    pipeline = redis_client(REQUEST_TIMEOUT_SECONDS).pipeline(transaction=False)
    pipeline.hgetall(SUMS_KEY)
    pipeline.hgetall(SUCCESSES_KEY)
    for queue in queues:
        pipeline.llen(queue)
    sums, successes, *lengths = pipeline.execute()
    by_name: dict[str, dict[Key, int]] = {}
    for field, count in sums.items():
        name, *rest = json.loads(field)
        by_name.setdefault(name, {})[tuple(rest)] = int(count)
    return SharedMetrics(
        counters={each: _counts(by_name.get(each.name, {}), each) for each in COUNTERS},
        histograms={each: _distributions(by_name.get(each.name, {}), each) for each in HISTOGRAMS},
        processes=Tally(process.kind for process in present_processes()),
        successes={name.decode(): float(at) for name, at in successes.items()},
        queues=dict(zip(queues, lengths, strict=True)),
    )


def _queue_names() -> set[str]:
    routes = settings.CELERY_TASK_ROUTES.values()
    return {settings.CELERY_TASK_DEFAULT_QUEUE, *(route["queue"] for route in routes)}


def _counts(sums: Mapping[Key, int], counter: Counter) -> dict[Labels, int]:
    return {labels: count for _, labels, count in _of_version(sums, counter)}


def _distributions(sums: Mapping[Key, int], histogram: Histogram) -> dict[Labels, Distribution]:
    """Return the distributions; a bucket of another version counts in the next wider one."""
    found: dict[Labels, Distribution] = {}
    for part, labels, count in _of_version(sums, histogram):
        of_labels = found.setdefault(labels, Distribution([0] * (len(histogram.bounds) + 1)))
        if part == SUM:
            of_labels.seconds = count / MICROSECONDS
        else:
            bound = float("inf") if part == UNBOUNDED else float(part)
            of_labels.counts[bisect_left(histogram.bounds, bound)] += count
    return found


def _of_version(
    sums: Mapping[Key, int], metric: Counter | Histogram
) -> Iterator[tuple[str, Labels, int]]:
    """Yield part, labels and count; leaves out what a version with other labels has counted."""
    for (part, *labels), count in sums.items():
        if len(labels) == len(metric.labels):
            yield part, tuple(labels), count
