"""A shard without a heartbeat, and outages of PostgreSQL and Redis."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from seqrshop.ops import metrics
from tests.redis_reset import redis_for_tests


@pytest.fixture(autouse=True)
def _patient_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time to count the receipts."""
    monkeypatch.setattr(metrics, "BOOKS_TIMEOUT_SECONDS", 30)


@pytest.fixture
def no_heartbeat(settings: Settings) -> None:
    """There is one shard, which has no heartbeat in Redis."""
    settings.SEQR_POLL_SHARDS = 1
    redis_for_tests().delete("seqrshop:heartbeat:0/1")


@pytest.fixture
def redis_down(no_heartbeat: None, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"


@pytest.fixture
def postgresql_down(transactional_db: None) -> Iterator[None]:
    database = connection.settings_dict
    original = dict(database)
    options: dict[str, Any] = original["OPTIONS"]
    _disconnect()
    database["PORT"] = "9"
    database["OPTIONS"] = {**options, "pool": {**options["pool"], "timeout": 0.2}}
    yield
    _disconnect()
    database.update(original)


def _disconnect() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's connection has it
