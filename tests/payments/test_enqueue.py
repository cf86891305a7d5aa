"""Enqueueing while Redis is away or hangs: nobody waits, and recovery finds the work."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from payments.tasks import enqueue, send_invoice
from seqrshop.celery import app
from seqrshop.redis_client import breaker
from tests.redis_reset import redis_for_tests
from tests.tcp_proxy import TcpProxy

LONGEST_WAIT_SECONDS = 0.3
QUEUES = ("customer", "background")


@pytest.fixture
def redis_proxy() -> Iterator[TcpProxy]:
    """A proxy before Redis."""
    with TcpProxy(urlsplit(django_settings.REDIS_URL).port or 0) as proxy:
        yield proxy


@pytest.fixture
def broker(redis_proxy: TcpProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[TcpProxy]:
    """Let the tasks' broker be reached through the proxy, with empty queues."""
    redis_for_tests().delete(*QUEUES)
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", _through(redis_proxy))
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    yield redis_proxy
    breaker.reset()
    redis_for_tests().delete(*QUEUES)


def _through(proxy: TcpProxy) -> str:
    parts = urlsplit(django_settings.REDIS_URL)
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(str(parts.port), str(proxy.port))))


def seconds_to_enqueue() -> float:
    began_at = time.monotonic()
    enqueue(send_invoice, 7)
    return time.monotonic() - began_at


def test_what_a_customer_waits_for_has_a_queue_of_its_own(broker: TcpProxy) -> None:
    enqueue(send_invoice, 7)
    enqueue(send_invoice, 8, queue="background")

    assert [redis_for_tests().llen(queue) for queue in QUEUES] == [1, 1]


def test_hanging_redis_delays_no_enqueue(
    broker: TcpProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """A publish waited for five seconds, and each of the next ones too."""
    enqueue(send_invoice, 1)  # opens a connection
    broker.hang()

    waits = []
    for _ in range(4):
        waits.append(seconds_to_enqueue())
        breaker.reset()  # so that each of them tries
    new_connection = seconds_to_enqueue()

    assert max(*waits, new_connection) < LONGEST_WAIT_SECONDS
    assert "send_invoice(7,) could not be enqueued" in caplog.text


def test_after_a_failure_redis_is_not_tried_for_a_second(broker: TcpProxy) -> None:
    broker.hang()
    seconds_to_enqueue()

    assert seconds_to_enqueue() < 0.05


def test_tasks_are_enqueued_again_once_redis_answers(broker: TcpProxy) -> None:
    for outage in (broker.hang, broker.refuse):
        enqueue(send_invoice, 1)
        outage()
        enqueue(send_invoice, 2)
        broker.restore()
        breaker.reset()
        redis_for_tests().delete("customer")

        enqueue(send_invoice, 3)

        assert redis_for_tests().llen("customer") == 1, outage


@pytest.mark.django_db
def test_hanging_redis_delays_no_request_and_no_health_check(
    redis_proxy: TcpProxy, settings: Settings
) -> None:
    settings.REDIS_URL = _through(redis_proxy)
    Client().get("/health")
    usual = min(_seconds_of_health() for _ in range(3))
    redis_proxy.hang()

    hanging = min(_seconds_of_health() for _ in range(3))

    assert hanging - usual < LONGEST_WAIT_SECONDS


def _seconds_of_health() -> float:
    began_at = time.monotonic()
    Client().get("/health")
    return time.monotonic() - began_at


def test_worker_and_beat_reconnect_each_second(redis_proxy: TcpProxy) -> None:
    """Their pauses grew by two seconds each time, up to half a minute."""
    redis_proxy.refuse()
    pauses: list[float] = []

    def note(_error: Exception, pause: float) -> None:
        pauses.append(pause)
        if len(pauses) == 3:
            redis_proxy.restore()

    with app.connection_for_read(_through(redis_proxy)) as connection:
        connection.ensure_connection(note)

    assert pauses == [1, 1, 1]
