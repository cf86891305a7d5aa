"""Shards that poll the sandbox."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from payments.gateway import status_calls
from payments.seqr import BulkStatusClient
from tests.payments.polling.shard import MAX_IN_FLIGHT, Shard


@pytest.fixture(autouse=True)
def one_shard(settings: Settings) -> None:
    settings.SEQR_POLL_SHARDS = 1


@pytest.fixture
def shard() -> Iterator[Callable[[], Shard]]:
    """Make shards that poll the sandbox."""
    made: list[BulkStatusClient] = []

    def make() -> Shard:
        calls = status_calls(MAX_IN_FLIGHT)
        made.append(calls)
        return Shard(calls)

    yield make
    for calls in made:
        calls.close()
