import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class BulkJobStatus(models.TextChoices):
    """The status of an action over many rows."""

    PROPOSED = "PROPOSED", _("not started")
    RUNNING = "RUNNING", _("running")
    STOPPED = "STOPPED", _("stopped")
    DONE = "DONE", _("done")


class BulkJob(models.Model):
    """An action of a member of staff over many rows, carried out in the background.

    `action` names one of `seqrshop.backoffice.bulk.actions`. `language` is that of the results.
    `runner` identifies the process that holds the lease.
    """

    action = models.CharField(max_length=60)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    language = models.CharField(max_length=10)
    status = models.CharField(
        max_length=10, choices=BulkJobStatus.choices, default=BulkJobStatus.PROPOSED
    )
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    runner = models.UUIDField(default=uuid.uuid4)

    class Meta:
        verbose_name = _("action over many rows")
        verbose_name_plural = _("actions over many rows")
        default_permissions = ()
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(status=BulkJobStatus.RUNNING),
                name="bulk_job_running",
            ),
            models.Index(fields=["created_by", "-id"], name="bulk_job_of_person"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=BulkJobStatus.values), name="bulk_job_status_known"
            ),
        ]

    def __str__(self) -> str:
        return gettext("Action %(number)s") % {"number": self.pk}


class BulkJobRow(models.Model):
    """One row of a job. `level` is one of django.contrib.messages, and set with the result."""

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="rows", db_index=False)
    subject_id = models.BigIntegerField()
    label = models.CharField(max_length=100)
    level = models.PositiveSmallIntegerField(null=True)
    result = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("row of an action")
        verbose_name_plural = _("rows of an action")
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["job", "subject_id"], name="bulk_job_row_once"),
            models.CheckConstraint(
                condition=models.Q(done_at=None, level=None)
                | models.Q(done_at__isnull=False, level__isnull=False),
                name="bulk_job_row_done_with_result",
            ),
        ]

    def __str__(self) -> str:
        return self.label
