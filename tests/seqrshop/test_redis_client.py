"""The circuit breaker skips Redis for a while after a failure."""

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from seqrshop import redis_client
from seqrshop.redis_client import CircuitBreaker


def failing_command() -> str:
    raise RedisConnectionError


def test_open_breaker_skips_commands_until_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    breaker = CircuitBreaker()
    monkeypatch.setattr(redis_client, "BREAKER_SECONDS", 3600.0)

    before = breaker.call(lambda: "answer", otherwise="nothing is counted")
    failed = breaker.call(failing_command, otherwise="nothing is counted")
    skipped = breaker.call(lambda: "answer", otherwise="nothing is counted")
    breaker.reset()
    after = breaker.call(lambda: "answer", otherwise="nothing is counted")

    assert (before, failed, skipped, after) == ("answer", None, None, "answer")
    assert caplog.messages == ["nothing is counted: Redis is unavailable (ConnectionError)"]


def test_breaker_closes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = CircuitBreaker()
    monkeypatch.setattr(redis_client, "BREAKER_SECONDS", 0.0)

    breaker.call(failing_command, otherwise="nothing is counted")

    assert not breaker.is_open
    assert breaker.call(lambda: "answer", otherwise="nothing is counted") == "answer"
