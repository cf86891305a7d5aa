"""Each process adds what it has counted to sums in Redis."""

import json
import threading
import time

import pytest
from pytest_django import Settings
from redis.exceptions import RedisError

from seqrshop.process_metrics import definitions, publisher, record_success
from seqrshop.process_metrics.definitions import CALL_SECONDS, CALLS, PAYMENT_RECORDING_SECONDS
from seqrshop.process_metrics.pending import PENDING, PendingCounts
from seqrshop.process_metrics.publisher import (
    SUMS_KEY,
    MetricsPublisher,
    publish,
)
from seqrshop.process_metrics.shared import Distribution, read_shared_metrics
from tests.process_metrics.samples import forget_counts, taken_counts
from tests.redis_reset import redis_for_tests


@pytest.fixture(autouse=True)
def _no_counts() -> None:
    forget_counts()


@pytest.fixture
def redis_down(settings: Settings) -> str:
    """Take Redis away; return its address."""
    address: str = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    return address


def test_counts_of_two_processes_are_added_up() -> None:
    for _process in range(2):
        CALLS.add("sendInvoice", "0", "T1")
        CALLS.add_all({("sendInvoice", "0", "T1"): 2, ("sendInvoice", "none", "T1"): 1})
        publish()

    counts = read_shared_metrics().counters[CALLS]

    assert counts == {("sendInvoice", "0", "T1"): 6, ("sendInvoice", "none", "T1"): 2}


def test_durations_are_counted_in_the_bucket_with_the_next_higher_bound() -> None:
    for seconds in (0.01, 0.011, 0.4, 11.0):
        CALL_SECONDS.observe(seconds, "sendInvoice")
    publish()

    [found] = read_shared_metrics().histograms[CALL_SECONDS].values()

    assert found == Distribution([1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1], 11.421)


def test_nothing_is_lost_while_redis_is_down(redis_down: str, settings: Settings) -> None:
    CALLS.add("sendInvoice", "0", "T1")
    record_success("some.task")
    with pytest.raises(RedisError):
        publish()
    CALLS.add("sendInvoice", "0", "T1")
    settings.REDIS_URL = redis_down

    publish()

    shared = read_shared_metrics()
    assert shared.counters[CALLS] == {("sendInvoice", "0", "T1"): 2}
    assert time.time() - shared.successes["some.task"] < 60
    assert PENDING.take() == {}


def test_counts_of_a_version_with_other_labels_or_buckets_do_no_harm() -> None:
    for key in (
        ["seqr_calls_total", "", "sendInvoice"],
        ["seqr_removed_total", "", "a"],
        ["seqrshop_payment_recording_seconds", "4.0"],
    ):
        redis_for_tests().hincrby(SUMS_KEY, json.dumps(key), 1)

    shared = read_shared_metrics()

    assert shared.counters[CALLS] == {}
    [found] = shared.histograms[PAYMENT_RECORDING_SECONDS].values()
    assert found.counts[PAYMENT_RECORDING_SECONDS.bounds.index(5.0)] == sum(found.counts) == 1


def test_waiting_tasks_are_counted_by_queue() -> None:
    redis = redis_for_tests()
    redis.delete("customer", "background")
    redis.rpush("background", "a task", "another one")

    queues = read_shared_metrics().queues
    redis.delete("background")

    assert queues == {"background": 2, "customer": 0}


def test_publisher_adds_the_last_counts_when_it_stops() -> None:
    running = MetricsPublisher()
    running.start()
    CALLS.add("sendInvoice", "0", "T1")

    running.stop()

    assert read_shared_metrics().counters[CALLS] == {("sendInvoice", "0", "T1"): 1}


def test_publisher_logs_an_outage_of_redis_once(
    redis_down: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(publisher, "PUBLISH_INTERVAL_SECONDS", 0.001)
    rounds = threading.Event()
    takes = iter(range(3))

    class Pending(PendingCounts):
        def take(self) -> dict[tuple[str, ...], int]:
            if next(takes, None) is None:
                rounds.set()
            return super().take()

    pending = Pending()
    pending.add({("seqr_calls_total", "", "sendInvoice", "0", "T1"): 1})
    monkeypatch.setattr(publisher, "PENDING", pending)
    running = MetricsPublisher()

    running.start()
    assert rounds.wait(30)
    running.stop()

    messages = [each.message for each in caplog.records if each.name == publisher.__name__]
    assert messages == ["metrics wait for Redis: ConnectionError"]


def test_request_with_an_invented_method_is_counted_as_other() -> None:
    definitions.count_request("order", "BREW", 405)
    definitions.count_request("order", "GET", 200)

    assert taken_counts("seqrshop_http_requests_total") == {
        ("", "order", "other", "405"): 1,
        ("", "order", "GET", "200"): 1,
    }
