"""The pages of a job: its progress, and the jobs of a person."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from payments.models import BulkJob, BulkJobStatus
from payments.tasks import enqueue
from seqrshop.backoffice.bulk.actions import ACTIONS
from seqrshop.backoffice.bulk.jobs import start_job, stop_job
from seqrshop.backoffice.links import list_url
from seqrshop.backoffice.permissions import require_permission
from seqrshop.backoffice.state_pills import Tone
from seqrshop.backoffice.tasks import run_bulk_job

SHOWN_JOBS = 20
NAMED_ROWS = 200
TONES: dict[int, Tone] = {messages.ERROR: "bad", messages.WARNING: "warn", messages.SUCCESS: "ok"}


@dataclass(frozen=True)
class JobResult:
    """The rows of a job with one result. `names` has the first of them."""

    tone: Tone
    text: str
    number: int
    names: tuple[str, ...]


@require_safe
def jobs_page(request: HttpRequest) -> HttpResponse:
    """Show the latest jobs of the person who makes the request."""
    jobs = _own_jobs(request).exclude(status=BulkJobStatus.PROPOSED)
    counted = jobs.annotate(total=Count("rows"), done=Count("rows", Q(rows__done_at__isnull=False)))
    context = {
        **admin.site.each_context(request),
        "title": _("Actions over many rows"),
        "jobs": [(job, ACTIONS[job.action].label) for job in counted[:SHOWN_JOBS]],
    }
    return TemplateResponse(request, "staff/bulk_jobs.html", context)


@require_safe
def job_page(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show how far a job has come, and the result of each row."""
    job = get_object_or_404(_own_jobs(request), pk=job_id)
    action = ACTIONS[job.action]
    done = job.rows.filter(done_at__isnull=False)
    total, number = job.rows.count(), done.count()
    context = {
        **admin.site.each_context(request),
        "title": action.label,
        "job": job,
        "total": total,
        "done": number,
        "left": total - number,
        "is_running": job.status == BulkJobStatus.RUNNING,
        "results": _results(job),
        "list_url": list_url(action.model),
    }
    return TemplateResponse(request, "staff/bulk_job.html", context)


@require_POST
def start_page(request: HttpRequest, job_id: int) -> HttpResponse:
    """Start a job that the person has proposed, and show its progress."""
    job = get_object_or_404(_own_jobs(request), pk=job_id)
    require_permission(request, ACTIONS[job.action].permission)
    if start_job(job.pk):
        enqueue(run_bulk_job, job.pk)
    return HttpResponseRedirect(reverse("staff:bulk_job", args=[job.pk]))


@require_POST
def stop_page(request: HttpRequest, job_id: int) -> HttpResponse:
    """Stop a job, and show what is left undone."""
    job = get_object_or_404(_own_jobs(request), pk=job_id)
    if stop_job(job.pk):
        messages.info(request, _("Stopped. The rest is left as it was."))
    return HttpResponseRedirect(reverse("staff:bulk_job", args=[job.pk]))


def _own_jobs(request: HttpRequest) -> QuerySet[BulkJob]:
    return BulkJob.objects.filter(created_by=request.user.pk)


def _results(job: BulkJob) -> list[JobResult]:
    """Return the results of a job, the most serious first, with the rows of each."""
    done = job.rows.filter(done_at__isnull=False)
    counted = done.order_by("-level", "result").values("level", "result").annotate(n=Count("pk"))
    return [
        JobResult(
            TONES.get(row["level"] or messages.INFO, "muted"),
            row["result"],
            row["n"],
            tuple(
                done.filter(level=row["level"], result=row["result"])
                .order_by("id")
                .values_list("label", flat=True)[:NAMED_ROWS]
            ),
        )
        for row in counted
    ]
