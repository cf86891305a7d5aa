"""A shop as it is deployed, one whose poller is silent, and one without PostgreSQL or Redis."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as settings_given
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from pytest_django import Settings

from payments.services.poll.redis import poll_redis

STORED = {"staticfiles": {"BACKEND": "seqrshop.static_storage.StaticStorage"}}


@pytest.fixture(scope="session")
def collected_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files of the customers' pages, collected once."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=folder, STORAGES={**settings_given.STORAGES, **STORED}):
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin"])
    return folder


@pytest.fixture
def collected(collected_files: Path, settings: Settings, _plain_static_files: None) -> None:
    """Serve them as a deployment does."""
    settings.STATIC_ROOT = collected_files
    settings.STORAGES = {**settings.STORAGES, **STORED}


@pytest.fixture
def nothing_told(settings: Settings) -> None:
    """One shard, which has not told anything in Redis."""
    settings.SEQR_POLL_SHARDS = 1
    poll_redis().delete("seqrshop:polled:0")


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
