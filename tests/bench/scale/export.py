"""Measures the export of the audit through the admin."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from orders.models import AuditEvent
from seqrshop.backoffice.links import admin_url
from tests.bench.scale.pages import browser_of

MEGABYTE = 1_000_000
MEASURED_BYTES = 100 * MEGABYTE


@dataclass(frozen=True)
class Export:
    """The time to the first event, and the megabytes a second after it."""

    seconds_to_first_event: float
    megabytes_per_second: float


def measure_export() -> Export:
    """Export the whole audit, up to MEASURED_BYTES of it."""
    client = browser_of(None)
    began_at = time.perf_counter()
    response: Any = client.get(admin_url(AuditEvent, "export"))
    size, first_at = 0, 0.0
    for part in response.streaming_content:
        if not first_at and part.count(b"\n") > 1:
            first_at = time.perf_counter()
        size += len(part) if first_at else 0
        if size >= MEASURED_BYTES:
            break
    seconds = time.perf_counter() - first_at
    response.close()
    return Export(first_at - began_at, size / MEGABYTE / seconds)
