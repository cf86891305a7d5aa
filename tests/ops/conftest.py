"""A shop as it is deployed, one whose poller is silent, and one without PostgreSQL or Redis."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from payments.polling.redis import poll_redis


@pytest.fixture
def nothing_told(settings: Settings) -> None:
    """One shard, which has not told anything in Redis."""
    settings.SEQR_POLL_SHARDS = 1
    poll_redis().delete("seqrshop:heartbeat:0")


@pytest.fixture
def no_redis(nothing_told: None, settings: Settings) -> Iterator[None]:
    """Nothing listens where Redis should be."""
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    poll_redis.cache_clear()
    yield
    poll_redis.cache_clear()


@pytest.fixture
def no_postgresql(transactional_db: None) -> Iterator[None]:
    """Nothing listens where PostgreSQL should be."""
    where = connection.settings_dict
    there = dict(where)
    options: dict[str, Any] = there["OPTIONS"]
    _let_go()
    where["PORT"] = "9"
    where["OPTIONS"] = {**options, "pool": {**options["pool"], "timeout": 0.2}}
    yield
    _let_go()
    where.update(there)


def _let_go() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's has it
