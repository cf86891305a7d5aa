"""Publishes the metrics of Celery's workers, and when scheduled tasks last succeeded."""

from __future__ import annotations

from functools import partial
from typing import Any

from celery import signals
from django.conf import settings

from seqrshop.process_metrics.publisher import MetricsPublisher, record_success


@signals.worker_init.connect
def start_in_worker(**_details: object) -> None:
    """Publish in a worker or poller, until it is shut down."""
    publisher = MetricsPublisher()
    publisher.start()
    signals.worker_shutdown.connect(partial(_stop, publisher), weak=False)


@signals.task_success.connect
def record_scheduled_success(sender: Any, **_details: object) -> None:
    """Record when a task that Beat enqueues last succeeded."""
    if sender.name in scheduled_tasks():
        record_success(sender.name)


def scheduled_tasks() -> dict[str, float]:
    """Return the seconds between two runs of each task that Beat enqueues."""
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    return {each["task"]: each["schedule"] for each in schedule.values()}


def _stop(publisher: MetricsPublisher, **_details: object) -> None:
    publisher.stop()
