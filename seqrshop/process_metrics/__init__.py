"""What each process counts. Redis has the sums of all processes; `/metrics` reads them.

definitions.py  the counters and histograms, with their labels and buckets
pending.py      what this process has counted and not added to the sums yet
publisher.py    the thread that adds it once a second
shared.py       reads the sums
celery.py       starts the publisher in workers
"""

from seqrshop.process_metrics.definitions import (
    CALL_SECONDS,
    CALLS,
    PAYMENT_RECORDING_SECONDS,
    REQUEST_SECONDS,
    Durations,
    count_request,
)
from seqrshop.process_metrics.publisher import MetricsPublisher, publish_success, record_success

__all__ = [
    "CALLS",
    "CALL_SECONDS",
    "PAYMENT_RECORDING_SECONDS",
    "REQUEST_SECONDS",
    "Durations",
    "MetricsPublisher",
    "count_request",
    "publish_success",
    "record_success",
]
