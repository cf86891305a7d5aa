"""What a shard tells of itself, in Redis and in the log."""

import logging

import pytest
from pytest_django import Settings
from redis.exceptions import RedisError

from payments.polling import read_heartbeats
from payments.polling.heartbeat import Telling
from payments.polling.redis import poll_redis
from payments.polling.stats import Histogram
from tests.payments.polling.shard import Shard, StandIn, status
from tests.payments.polling.test_poller import open_invoice


@pytest.fixture
def going() -> Shard:
    shard = Shard(StandIn(lambda _key: status("ISSUED")))
    for key in (1, 2, 3):
        shard.asking.hand_over(open_invoice(key))
    for _ in range(11):
        shard.asking.step()
        shard.asking.step()
        shard.now += 1
    return shard


@pytest.fixture(autouse=True)
def empty_redis() -> None:
    poll_redis().delete("seqrshop:polled:0")


def test_a_line_in_the_log_tells_how_the_last_ten_seconds_went(
    going: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        Telling(0, going.asking).step()

    [line] = caplog.messages
    assert line.startswith("shard 0: polls_per_second=3.")
    assert "late_p50_ms=0 late_p99_ms=0" in line
    assert "answer_max_ms=10" in line


def test_the_next_line_is_due_ten_seconds_later(
    going: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    telling = Telling(0, going.asking)
    telling.step()
    caplog.clear()

    with caplog.at_level(logging.INFO):
        telling.step()

    assert caplog.messages == []


def test_what_is_told_in_redis_can_be_read_by_every_process(going: Shard) -> None:
    before = read_heartbeats()

    Telling(0, going.asking).step()

    told = read_heartbeats()[0]
    assert before == {0: None}
    assert told is not None
    assert (told["open"], told["in_flight"]) == (3, 0)
    assert told["oldest_due_at"] <= told["round_started_at"] + 0.001
    assert told["polls_per_second"] > 3


def test_errors_are_told_by_kind(caplog: pytest.LogCaptureFixture, going: Shard) -> None:
    going.asking.figures.errors["SeqrUnavailable"] = 7

    with caplog.at_level(logging.INFO):
        Telling(0, going.asking).step()

    assert "errors_SeqrUnavailable=7" in caplog.text


def test_without_redis_the_loop_goes_on_and_says_so(
    going: Shard, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    poll_redis.cache_clear()

    Telling(0, going.asking).step()
    with pytest.raises(RedisError):
        read_heartbeats()
    poll_redis.cache_clear()

    assert "shard 0 cannot leave word" in caplog.text


def test_a_spread_knows_its_shares_within_fifteen_per_cent() -> None:
    spread = Histogram()
    for millisecond in range(1, 1001):
        spread.note(millisecond / 1000)

    assert 0.5 <= spread.share(0.5) <= 0.5 * 1.15
    assert 0.99 <= spread.share(0.99) <= 1.0
    assert spread.highest == 1.0
    assert Histogram().share(0.99) == 0.0
