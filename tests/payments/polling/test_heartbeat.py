"""A shard's heartbeat in Redis and its statistics in the log."""

import json
import logging

import pytest
from pytest_django import Settings
from redis.exceptions import RedisError

from payments.polling import read_heartbeats
from payments.polling.capacity import capacity_advice
from payments.polling.heartbeat import HeartbeatPublisher
from payments.polling.stats import Histogram
from tests.payments.polling.shard import ONLY_SHARD, FakeStatusClient, Shard, status
from tests.payments.polling.test_poller import open_invoice
from tests.redis_reset import redis_for_tests


@pytest.fixture
def running() -> Shard:
    shard = Shard(FakeStatusClient(lambda _key: status("ISSUED")))
    for key in (1, 2, 3):
        shard.poller.submit(open_invoice(key))
    for _ in range(11):
        shard.poller.step()
        shard.poller.step()
        shard.now += 1
    return shard


@pytest.fixture(autouse=True)
def empty_redis() -> None:
    redis_for_tests().delete("seqrshop:heartbeat:0/1")


def publisher_of(shard: Shard) -> HeartbeatPublisher:
    """Return the publisher of a shard that has read its open invoices three seconds ago."""
    return HeartbeatPublisher(ONLY_SHARD, shard.poller, lambda: shard.now - 3)


def test_log_line_reports_the_last_ten_seconds(
    running: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        publisher_of(running).publish()

    [line] = caplog.messages
    assert line.startswith("shard 0/1: polls_per_second=3.")
    assert "late_p50_ms=0 late_p99_ms=0" in line
    assert "answer_max_ms=10" in line


def test_next_log_line_is_due_ten_seconds_later(
    running: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    telling = publisher_of(running)
    telling.publish()
    caplog.clear()

    with caplog.at_level(logging.INFO):
        telling.publish()

    assert caplog.messages == []


def test_published_heartbeat_can_be_read_by_every_process(running: Shard) -> None:
    before = read_heartbeats()

    publisher_of(running).publish()

    told = read_heartbeats()[0]
    assert before == {0: None}
    assert told is not None
    assert (told["open"], told["in_flight"]) == (3, 0)
    assert told["oldest_due_at"] <= told["round_started_at"] + 0.001
    assert told["polls_per_second"] > 3


def test_heartbeat_of_another_version_that_lacks_a_field_counts_as_none(running: Shard) -> None:
    redis_for_tests().set("seqrshop:heartbeat:0/1", json.dumps({"round_started_at": 0, "open": 3}))

    told = read_heartbeats()

    assert told == {0: None}


def test_errors_are_reported_by_kind(caplog: pytest.LogCaptureFixture, running: Shard) -> None:
    running.poller.stats.errors["SeqrUnavailable"] = 7

    with caplog.at_level(logging.INFO):
        publisher_of(running).publish()

    assert "errors_SeqrUnavailable=7" in caplog.text


def test_publisher_logs_and_continues_without_redis(
    running: Shard, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    publisher_of(running).publish()
    with pytest.raises(RedisError):
        read_heartbeats()

    assert "shard 0/1 cannot publish its heartbeat" in caplog.text


def test_histogram_percentiles_are_exact_within_fifteen_per_cent() -> None:
    spread = Histogram()
    for millisecond in range(1, 1001):
        spread.record(millisecond / 1000)

    assert 0.5 <= spread.percentile(0.5) <= 0.5 * 1.15
    assert 0.99 <= spread.percentile(0.99) <= 1.0
    assert spread.highest == 1.0
    assert Histogram().percentile(0.99) == 0.0


def test_histogram_counts_durations_alike_however_they_are_recorded() -> None:
    alone, repeated, together = Histogram(), Histogram(), Histogram()
    for seconds in (0.2, 0.4, 0.2, 0.2, 0.4):
        alone.record(seconds)
    for seconds, times in ((0.4, 2), (0.2, 1), (0.2, 2)):
        repeated.record(seconds, times)
    together.record_all([0.4, 0.4, 0.2])
    together.record_all([0.2, 0.2])

    assert sorted(filter(None, alone.counts)) == [2, 3]
    assert repeated.counts == together.counts == alone.counts


def test_slow_answers_are_logged_with_the_setting_that_helps(
    running: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(60):  # all 50 calls are in flight, and 10 answers come in a second
        running.poller.concurrency.record_step(50, 0.25)
        running.poller.concurrency.record_calls([5.0, 5.0])
        running.poller.concurrency.adapt(400)
    publisher = HeartbeatPublisher(ONLY_SHARD, running.poller, lambda: running.now)

    with caplog.at_level(logging.WARNING):
        publisher.publish()
        publisher.publish()

    [line] = [each for each in caplog.messages if "answers slowly" in each]
    assert line.endswith(
        "400 calls in flight are needed, 50 allowed; "
        "set SEQR_MAX_IN_FLIGHT=400 or SEQR_POLL_SHARDS=8"
    )


@pytest.mark.parametrize(
    ("needed", "allowed", "shards", "advice"),
    [
        (800, 800, 2, None),
        (801, 800, 2, "SEQR_MAX_IN_FLIGHT=900 or SEQR_POLL_SHARDS=3"),
        (4001, 800, 2, "SEQR_POLL_SHARDS=11"),
        (4000, 100, 2, "SEQR_MAX_IN_FLIGHT=4000"),
        (9000, 100, 2, "SEQR_MAX_IN_FLIGHT=4000 and more shards"),
    ],
)
def test_advice_names_the_settings_within_their_bounds(
    needed: int, allowed: int, shards: int, advice: str | None
) -> None:
    assert capacity_advice(needed, allowed, shards) == advice
