"""The doctor's lines about Redis, with each fault in a real one."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from pytest_django import Settings

from seqrshop.local.servers import run_servers
from seqrshop.ops.doctor.broker import LONG_QUEUE, VERY_LONG_QUEUE, broker
from tests.ops.doctor.results import levels, only
from tests.redis_reset import redis_for_tests

MEGABYTE = 2**20


@pytest.fixture(autouse=True)
def _queues() -> Iterator[None]:
    client = redis_for_tests()  # a test may name another Redis
    client.delete("customer", "background")
    yield
    client.delete("customer", "background")


def test_redis_in_order_has_only_ok_lines(settings: Settings) -> None:
    settings.RATE_LIMIT_REDIS_URL = settings.REDIS_URL

    assert levels(broker()) == {
        "redis": "ok",
        "queue customer": "ok",
        "queue background": "ok",
        "redis of limits": "ok",
    }


@pytest.mark.parametrize(
    ("length", "level"), [(LONG_QUEUE, "warning"), (VERY_LONG_QUEUE, "failed")]
)
def test_long_queue_names_the_process_that_consumes_it(length: int, level: str) -> None:
    redis_for_tests().rpush("customer", *["task"] * length)

    finding = only(broker())

    assert (finding.level, finding.subject) == (level, "queue customer")
    assert "process worker" in finding.advice


def test_redis_that_is_away_is_one_failure(redis_down: None) -> None:
    (finding,) = broker()

    assert (finding.level, finding.subject) == ("failed", "redis")
    assert "REDIS_URL" in finding.advice


def test_redis_of_limits_that_is_away_is_named(settings: Settings) -> None:
    settings.RATE_LIMIT_REDIS_URL = "redis://127.0.0.1:9/0"

    finding = only(broker())

    assert (finding.level, finding.subject) == ("failed", "redis of limits")
    assert "RATE_LIMIT_REDIS_URL" in finding.advice


def test_redis_that_answers_nothing_fails_within_seconds(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.REDIS_URL = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        began_at = time.monotonic()

        (finding,) = broker()

    assert finding.message == "Redis does not answer within 2 seconds."
    assert time.monotonic() - began_at < 6


def test_wrong_password_is_reported_and_not_shown(settings: Settings) -> None:
    address = urlsplit(settings.REDIS_URL)
    wrong = address._replace(netloc=f":wrong-secret@{address.hostname}:{address.port}")
    settings.REDIS_URL = urlunsplit(wrong)

    (finding,) = broker()

    assert finding.message == "Redis refuses the password of REDIS_URL."
    assert "wrong-secret" not in f"{finding}"


@pytest.fixture(scope="module")
def redis_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis whose settings matter to no other test."""
    folder = tmp_path_factory.mktemp("redis")
    with run_servers(folder, durable=False, database_url="postgresql://unused") as servers:
        yield servers.redis_url


@pytest.fixture
def own_redis(redis_of_its_own: str, settings: Settings) -> redis.Redis:
    """A client of that Redis, which is the shop's."""
    settings.REDIS_URL = redis_of_its_own
    return redis_for_tests()


@pytest.mark.parametrize(
    ("maxmemory", "policy", "level", "message"),
    [
        (10**9, "allkeys-lru", "failed", "may remove tasks"),
        (10**9, "noeviction", "ok", ""),
        (1, "noeviction", "failed", "refuses to store anything"),
    ],
)
def test_memory_that_is_full_or_evicts_tasks_fails(
    own_redis: redis.Redis, maxmemory: int, policy: str, level: str, message: str
) -> None:
    own_redis.config_set("maxmemory-policy", policy)
    own_redis.config_set("maxmemory", maxmemory)

    first = next(iter(broker()))

    assert first.level == level
    assert message in first.message


def test_memory_that_is_nearly_used_up_is_a_warning(own_redis: redis.Redis) -> None:
    own_redis.config_set("maxmemory-policy", "noeviction")
    used = int(own_redis.info("memory")["used_memory"])
    own_redis.config_set("maxmemory", int(used * 1.15))

    first = next(iter(broker()))

    assert first.level == "warning"


@pytest.mark.parametrize(
    ("limits", "level", "uses"),
    [
        ({}, "ok", "200"),
        ({"maxmemory": 0, "total_system_memory": 0}, "ok", "200"),
        ({"total_system_memory": 4_000 * MEGABYTE}, "ok", "200 of 4,000"),
        ({"total_system_memory": 250 * MEGABYTE}, "warning", "200 of 250"),
        (
            {"total_system_memory": 4_000 * MEGABYTE, "maxmemory": MEGABYTE * 249},
            "warning",
            "200 of 249",
        ),
        ({"total_system_memory": 1, "maxmemory": MEGABYTE * 251}, "ok", "200 of 251"),
    ],
)
def test_memory_is_compared_with_its_limit_or_else_with_the_machine(
    monkeypatch: pytest.MonkeyPatch, limits: dict[str, int], level: str, uses: str
) -> None:
    """Not each Redis of a provider tells the memory of its machine."""
    info = {"used_memory": 200 * MEGABYTE, **limits}
    monkeypatch.setattr(redis.Redis, "info", lambda _client: info)

    first = next(iter(broker()))

    assert first.level == level
    assert first.message == f"Redis answers, and uses {uses} MB."
