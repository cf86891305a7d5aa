"""Jobs: an action over many rows in the background, row by row, until it is done or stopped."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.audit import by_staff
from payments.leases import LEASE
from payments.models import BulkJob, BulkJobRow, BulkJobStatus
from seqrshop.backoffice.action_results import ActionResult
from seqrshop.backoffice.bulk.action import BulkAction
from seqrshop.backoffice.bulk.actions import ACTIONS
from seqrshop.backoffice.shop_scope import rows_of_person

logger = logging.getLogger(__name__)

RUN_SECONDS = 20.0  # then another task goes on, so that no worker is held for long
LEASE_DURATION = timedelta(minutes=2)  # longer than one row may take at SEQR
MAX_RESULT_LENGTH = 300
MAX_LABEL_LENGTH = 100
PROPOSAL_LIFETIME = timedelta(days=1)
RESULT_LIFETIME = timedelta(days=90)  # what the rows did is in the audit for seven years
JOBS_FORGOTTEN_AT_ONCE = 20  # each may have thousands of rows


@transaction.atomic
def propose_job(action: BulkAction, rows: Iterable[Model], person: User, language: str) -> BulkJob:
    """Store an action and its rows, to be started once the person has read what it will do."""
    job = BulkJob.objects.create(action=action.name, created_by=person, language=language)
    named = ((row.pk, str(row)[:MAX_LABEL_LENGTH]) for row in rows)
    BulkJobRow.objects.bulk_create(
        (BulkJobRow(job=job, subject_id=pk, label=name) for pk, name in named), batch_size=1000
    )
    return job


def start_job(job_id: int) -> bool:
    """Start a proposed job; return whether it was not started before. The caller enqueues it."""
    proposed = BulkJob.objects.filter(pk=job_id, status=BulkJobStatus.PROPOSED)
    return bool(proposed.update(status=BulkJobStatus.RUNNING))


def stop_job(job_id: int) -> bool:
    """Stop a job after the row that it is at; return whether it was running."""
    running = BulkJob.objects.filter(pk=job_id, status=BulkJobStatus.RUNNING)
    return bool(running.update(status=BulkJobStatus.STOPPED, ended_at=Now()))


def jobs_to_resume() -> list[int]:
    """Return the IDs of the running jobs that no process works on."""
    running = BulkJob.objects.filter(LEASE.lapsed_at(Now()), status=BulkJobStatus.RUNNING)
    return list(running.values_list("pk", flat=True))


def forget_old_jobs() -> None:
    """Delete the jobs that were never started within a day, and those that ended long ago."""
    old = BulkJob.objects.filter(
        Q(status=BulkJobStatus.PROPOSED, created_at__lt=Now() - PROPOSAL_LIFETIME)
        | Q(ended_at__lt=Now() - RESULT_LIFETIME)
    ).order_by("pk")
    while found := list(old.values_list("pk", flat=True)[:JOBS_FORGOTTEN_AT_ONCE]):
        BulkJob.objects.filter(pk__in=found).delete()


def run_job(job_id: int) -> bool:
    """Carry out a running job for RUN_SECONDS; return whether rows are left to be done.

    Does nothing if another process works on it. A row during which the process is killed is done
    again: the actions find that there is nothing left to do.
    """
    runner = uuid.uuid4()
    free = BulkJob.objects.filter(LEASE.lapsed_at(Now()), pk=job_id, status=BulkJobStatus.RUNNING)
    if not free.update(runner=runner, lease_until=Now() + LEASE_DURATION):
        return False
    job = BulkJob.objects.get(pk=job_id)
    own = BulkJob.objects.filter(pk=job_id, runner=runner, status=BulkJobStatus.RUNNING)
    until = time.monotonic() + RUN_SECONDS
    for row in job.rows.filter(done_at=None).iterator():
        if time.monotonic() > until:
            own.update(lease_until=None)
            return True
        # Stops a job that was stopped, or that another process has taken over.
        if not own.update(lease_until=Now() + LEASE_DURATION):
            return False
        with override(job.language):
            _run_row(job, row)
    own.update(status=BulkJobStatus.DONE, ended_at=Now(), lease_until=None)
    return False


def _run_row(job: BulkJob, row: BulkJobRow) -> None:
    """Carry out the action on one row, and store its result."""
    try:
        level, text = _act(ACTIONS[job.action], job.created_by_id, row.subject_id)
    except Exception:  # one broken row must not keep the others from being done
        logger.exception("job %s failed at row %s", job.pk, row.subject_id)
        level, text = messages.ERROR, _("Failed by an error in the software")
    BulkJobRow.objects.filter(pk=row.pk, done_at=None).update(
        level=level, result=str(text)[:MAX_RESULT_LENGTH], done_at=Now()
    )


def _act(action: BulkAction, person_id: int, subject_id: int) -> ActionResult:
    """Act on one row, with the rights that the person has now."""
    person = User.objects.get(pk=person_id)
    if not may_act(person, action):
        return messages.ERROR, _("You no longer have the permission")
    subject: Any = rows_of_person(person, action.rows).filter(pk=subject_id).first()
    if subject is None:
        return messages.ERROR, _("No longer among the rows of your shops")
    return action.act(subject, by_staff(person))


def may_act(person: Any, action: BulkAction) -> bool:
    """Return whether a person may carry out an action, on the rows of the person's shops."""
    return bool(person.is_active and person.is_staff and person.has_perm(action.permission))
