"""Shards that ask SEQR."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from payments.gateway import status_calls
from payments.seqr import BulkStatusClient
from tests.payments.polling.shard import MOST_UNDER_WAY, Shard


@pytest.fixture(autouse=True)
def one_shard(settings: Settings) -> None:
    settings.SEQR_POLL_SHARDS = 1


@pytest.fixture
def shard() -> Iterator[Callable[[], Shard]]:
    """Make shards that ask SEQR."""
    made: list[BulkStatusClient] = []

    def make() -> Shard:
        calls = status_calls(MOST_UNDER_WAY)
        made.append(calls)
        return Shard(calls)

    yield make
    for calls in made:
        calls.close()
