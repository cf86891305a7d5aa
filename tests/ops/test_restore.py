"""A restored database and a worker process: a refund that SEQR has made is not sent again."""

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from payments import tasks
from payments.models import CaseKind, MoneyCase, RefundStatus
from payments.refunds.hold import refunds_are_held
from tests.database_backup import DatabaseBackup
from tests.payments.refunds.steps import (
    expire_refund_lease,
    refunded_at_seqr,
    requested_refund,
    status_of,
)
from tests.payments.steps import call_count, paid_invoice
from tests.processes import ManagedProcess, procfile_command
from tests.redis_reset import redis_for_tests
from tests.sandbox_process import SandboxProcess
from tests.web_process import process_environment

WORKER_SECONDS = 120  # a worker starts slowly on a busy machine
pytestmark = pytest.mark.django_db(transaction=True)


def worker(log: Path) -> ManagedProcess:
    """Return the worker process that sends refunds, not started."""
    seqr = {
        "SEQR_SERVICE_URL": settings.SEQR_SERVICE_URL,
        "SEQR_SESSION_URL": settings.SEQR_SESSION_URL,
    }
    command = procfile_command(settings.CELERY_TASK_DEFAULT_QUEUE)
    return ManagedProcess(command, log=log, env={**process_environment(), **seqr})


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WORKER_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the worker has not done its work"
        time.sleep(0.1)


def queue_is_empty() -> bool:
    return redis_for_tests().llen(settings.CELERY_TASK_DEFAULT_QUEUE) == 0


def test_worker_does_not_send_a_refund_again_after_a_restore(
    sandbox: SandboxProcess, tmp_path: Path, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    refund = requested_refund(invoice, "10.00", clerk)
    backup = DatabaseBackup.take()
    with worker(tmp_path / "before.log"):
        tasks.enqueue(tasks.send_refund, refund.pk)
        wait_until(lambda: status_of(refund) == RefundStatus.REFUNDED)

    backup.restore()
    with worker(tmp_path / "after.log"):
        tasks.enqueue(tasks.send_refund, refund.pk)
        wait_until(refunds_are_held)
        expire_refund_lease()
        tasks.enqueue(tasks.send_refund, refund.pk)
        later = requested_refund(invoice, "1.00", clerk)
        tasks.enqueue(tasks.send_refund, later.pk)
        tasks.enqueue(tasks.run_recovery)
        wait_until(queue_is_empty)  # the worker finishes its tasks before it stops

    assert status_of(refund) == RefundStatus.CREATED
    assert refunded_at_seqr(sandbox, invoice) == Decimal("10.00")
    assert call_count(sandbox, "refundPayment") == 1
    assert MoneyCase.objects.get().kind == CaseKind.REFUNDS_HELD
