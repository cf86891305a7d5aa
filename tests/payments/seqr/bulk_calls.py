"""Helpers that wait for a BulkStatusClient."""

import time

from payments.seqr import BulkStatusClient, CompletedStatusCall


def collect_all(
    client: BulkStatusClient, *, timeout_seconds: float = 30
) -> list[CompletedStatusCall]:
    """Return the calls that finish until none is in flight or the time is over."""
    completed: list[CompletedStatusCall] = []
    deadline = time.monotonic() + timeout_seconds
    while len(client) and time.monotonic() < deadline:
        completed += client.collect()
        time.sleep(0.001)
    return completed
