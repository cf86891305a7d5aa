"""Helpers that make a BulkStatusClient and wait for it."""

import time

from payments.seqr import BulkStatusClient, CompletedStatusCall, Credentials, SeqrConfig
from tests.payments.seqr.conftest import CREDENTIALS

TERMINAL = 1


def bulk_client_of(
    config: SeqrConfig, max_in_flight: int, credentials: Credentials = CREDENTIALS
) -> BulkStatusClient:
    """Return a client with the credentials of one terminal, TERMINAL."""
    client = BulkStatusClient(config, max_in_flight)
    client.set_credentials(TERMINAL, credentials)
    return client


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
