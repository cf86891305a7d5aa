"""A task's log lines carry the id of the request that enqueued it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from celery import shared_task

from payments.tasks import enqueue
from seqrshop.telemetry import log_context
from tests.redis_reset import redis_for_tests
from tests.telemetry.log_lines import collected_lines

QUEUE = "ids-of-tasks"


@shared_task
def work(*, enqueues: bool = False, fails: bool = False) -> None:
    """Log a line; enqueue another task, or fail, where asked to."""
    logging.getLogger(__name__).info("at work")
    if enqueues:
        enqueue(work, queue=QUEUE)
    if fails:
        raise ZeroDivisionError


@pytest.fixture(autouse=True)
def _empty_queue_and_context() -> Iterator[None]:
    redis_for_tests().delete(QUEUE)
    yield
    redis_for_tests().delete(QUEUE)
    log_context.start()


def enqueued_headers() -> dict[str, Any]:
    """Return the headers of the task that was enqueued last."""
    message = json.loads(redis_for_tests().lindex(QUEUE, 0) or "{}")
    headers: dict[str, Any] = message["headers"]
    return headers


def test_enqueued_task_has_the_id_of_its_request() -> None:
    log_context.start(request_id="of-the-request")

    enqueue(work, queue=QUEUE)

    assert enqueued_headers()["request_id"] == "of-the-request"


def test_lines_of_a_task_carry_the_id_of_its_request_and_nothing_of_the_task_before() -> None:
    with collected_lines() as lines:
        work.apply(task_id="task-1", headers={"request_id": "of-the-request"})
        log_context.start(order="1042")
        work.apply(task_id="task-2", headers={"request_id": "of-another"})

    ids = [(each["request_id"], each["task_id"], each.get("order")) for each in lines.parsed()]
    assert ids == [("of-the-request", "task-1", None), ("of-another", "task-2", None)]
    assert lines.parsed()[0]["task"] == f"{__name__}.work"


def test_task_that_beat_enqueues_begins_with_an_id_that_its_tasks_carry_on() -> None:
    work.apply(kwargs={"enqueues": True}, task_id="of-beat")

    assert enqueued_headers()["request_id"] == "of-beat"


def test_retried_task_keeps_the_id_of_its_request() -> None:
    log_context.start(request_id="of-the-worker")
    signature = work.signature_from_request(
        queue=QUEUE, request=work.request_stack.top or context_of("of-the-request")
    )

    signature.apply_async()

    assert enqueued_headers()["request_id"] == "of-the-request"


def context_of(request_id: str) -> Any:
    """Return the request of a task that a worker has received."""
    context = type(work.request)
    return context(
        {"id": "task-1", "task": work.name, "request_id": request_id}, args=(), kwargs={}
    )


def test_error_of_a_task_is_logged_with_the_id_of_its_request() -> None:
    with collected_lines() as lines:
        work.apply(kwargs={"fails": True}, headers={"request_id": "of-the-request"})

    (error,) = lines.parsed(level="ERROR")
    assert "ZeroDivisionError" in error["exc_info"]
    assert error["request_id"] == "of-the-request"
