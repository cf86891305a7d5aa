"""The poller as a component of a Celery worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from celery.signals import worker_shutting_down

from payments import poll_worker
from payments.poll_worker import PollerStep
from seqrshop.celery import app

JOIN_SECONDS = 30


def worker_of(*queues: str) -> SimpleNamespace:
    """Return a worker that consumes these queues."""
    return SimpleNamespace(
        app=SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from=queues)))
    )


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """An event that is set while the loops run; they are replaced by a wait."""
    runs = threading.Event()

    def run_shards(stopping: threading.Event, _on_loyalty_card: object) -> None:
        runs.set()
        stopping.wait()
        runs.clear()

    monkeypatch.setattr(poll_worker, "run_shards", run_shards)
    yield runs
    worker_shutting_down.send(sender=None)


def test_only_workers_of_the_poll_queue_poll() -> None:
    assert "payments.poll_worker:PollerStep" in app.steps["worker"]
    assert PollerStep(worker_of()).include_if(worker_of("poll"))
    assert not PollerStep(worker_of()).include_if(worker_of("customer", "background"))


def test_poller_stops_when_its_worker_is_shut_down(running: threading.Event) -> None:
    step = PollerStep(worker_of("poll"))
    step.start(worker_of("poll"))
    assert running.wait(JOIN_SECONDS)

    worker_shutting_down.send(sender="poller@here", sig="SIGTERM", how="Warm", exitcode=0)
    step.stop(worker_of("poll"))

    assert not running.is_set()


def test_poller_of_a_worker_whose_consumer_failed_polls_until_sigterm(
    running: threading.Event,
) -> None:
    step = PollerStep(worker_of("poll"))
    step.start(worker_of("poll"))
    assert running.wait(JOIN_SECONDS)

    stop = threading.Thread(target=step.stop, args=(worker_of("poll"),))
    stop.start()
    time.sleep(0.1)
    polled_on = running.is_set() and stop.is_alive()
    worker_shutting_down.send(sender="poller@here", sig="SIGTERM", how="Warm", exitcode=0)
    stop.join(JOIN_SECONDS)

    assert polled_on
    assert not stop.is_alive()
