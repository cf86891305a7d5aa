"""Workers publish what they count, and when the tasks that Beat enqueues last succeeded."""

from __future__ import annotations

import time

import pytest
from celery import signals

from seqrshop.celery import app
from seqrshop.process_metrics import publisher
from seqrshop.process_metrics.celery import scheduled_tasks, start_in_worker
from seqrshop.process_metrics.definitions import CALLS
from seqrshop.process_metrics.publisher import publish
from seqrshop.process_metrics.shared import read_shared_metrics
from tests.process_metrics.samples import forget_counts

RECOVERY = "payments.tasks.run_recovery"


@pytest.fixture(autouse=True)
def _no_counts() -> None:
    forget_counts()


def test_workers_start_to_publish() -> None:
    assert start_in_worker in [receiver() for _, receiver in signals.worker_init.receivers]


def test_worker_publishes_until_it_is_shut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "PUBLISH_INTERVAL_SECONDS", 60)
    receivers = list(signals.worker_shutdown.receivers)
    start_in_worker()
    CALLS.add("sendInvoice", "0", "T1")

    signals.worker_shutdown.send(sender=None)

    assert read_shared_metrics().counters[CALLS] == {("sendInvoice", "0", "T1"): 1}
    signals.worker_shutdown.receivers = receivers


def test_success_of_a_scheduled_task_is_recorded_and_of_no_other() -> None:
    app.loader.import_default_modules()
    for name in (RECOVERY, "payments.tasks.send_invoice"):
        signals.task_success.send(sender=app.tasks[name], result=None)

    publish()

    successes = read_shared_metrics().successes
    assert list(successes) == [RECOVERY]
    assert time.time() - successes[RECOVERY] < 60


def test_each_scheduled_task_exists() -> None:
    app.loader.import_default_modules()

    assert scheduled_tasks().keys() <= app.tasks.keys()
    assert scheduled_tasks()[RECOVERY] == 2.0
