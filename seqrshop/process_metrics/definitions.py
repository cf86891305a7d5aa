"""The counters and histograms that processes count, with their labels and buckets.

Each label has few values: operations, documented result codes, stored terminals, routes, methods
and statuses. Times are added up in whole microseconds, since Redis adds whole numbers exactly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seqrshop.process_metrics.pending import PENDING, Key

MICROSECONDS = 1_000_000
SUM = "sum"
UNBOUNDED = "+Inf"


@dataclass(frozen=True)
class Counter:
    """A count of events by the values of its labels."""

    name: str
    documentation: str
    labels: tuple[str, ...]

    def add(self, *labels: str) -> None:
        """Count one event."""
        PENDING.add({(self.name, "", *labels): 1})

    def add_all(self, counts: Mapping[tuple[str, ...], int]) -> None:
        """Count events by the values of their labels."""
        PENDING.add({(self.name, "", *labels): count for labels, count in counts.items()})


class Durations:
    """Durations counted in the buckets of a histogram. For one thread."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.seconds = 0.0

    def record_all(self, durations: Sequence[float]) -> None:
        """Count durations in seconds."""
        bounds, counts = self._bounds, self.counts
        for seconds in durations:
            counts[bisect_left(bounds, seconds)] += 1
        self.seconds += sum(durations)


@dataclass(frozen=True)
class Histogram:
    """Durations in seconds by the values of its labels. `bounds` are the buckets' upper ones."""

    name: str
    documentation: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...]

    def durations(self) -> Durations:
        """Return an empty set of durations for these buckets."""
        return Durations(self.bounds)

    def observe(self, seconds: float, *labels: str) -> None:
        """Count one duration."""
        durations = self.durations()
        durations.record_all((seconds,))
        self.add(durations, *labels)

    def add(self, durations: Durations, *labels: str) -> None:
        """Count durations that have the same labels."""
        parts = zip([*map(str, self.bounds), UNBOUNDED], durations.counts, strict=True)
        counts: dict[Key, int] = {
            (self.name, part, *labels): count for part, count in parts if count
        }
        counts[self.name, SUM, *labels] = round(durations.seconds * MICROSECONDS)
        PENDING.add(counts)


_TO_TEN_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

CALLS = Counter(
    "seqr_calls_total",
    "Calls to SEQR that have ended; the code is none without a readable answer",
    ("operation", "code", "terminal"),
)
CALL_SECONDS = Histogram(
    "seqr_call_duration_seconds", "How long calls to SEQR took", ("operation",), _TO_TEN_SECONDS
)
REQUESTS = Counter(
    "seqrshop_http_requests_total",
    "Requests that web has answered",
    ("route", "method", "status"),
)
REQUEST_SECONDS = Histogram(
    "seqrshop_http_request_duration_seconds",
    "How long web worked on requests",
    ("route",),
    _TO_TEN_SECONDS,
)
PAYMENT_RECORDING_SECONDS = Histogram(
    "seqrshop_payment_recording_seconds",
    "Time from a payment, by SEQR's receipt, to its record here",
    (),
    (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 60.0),
)
HTTP_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def count_request(route: str, method: str, status: int) -> None:
    """Count a request that is answered. Any method that HTTP does not know is "other"."""
    REQUESTS.add(route, method if method in HTTP_METHODS else "other", str(status))


COUNTERS = (CALLS, REQUESTS)
HISTOGRAMS = (CALL_SECONDS, REQUEST_SECONDS, PAYMENT_RECORDING_SECONDS)
