import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class PrintLayout(models.TextChoices):
    """What a print file contains."""

    GRID = "GRID", _("A4 sheets to cut")
    STICKER = "STICKER", _("Stickers, one a page")
    TENT = "TENT", _("Table tents, A4 to fold")
    IMAGES = "IMAGES", _("SVG and PNG images (ZIP)")


class PrintFileStatus(models.TextChoices):
    """The status of a print file."""

    PROPOSED = "PROPOSED", _("not made yet")
    RUNNING = "RUNNING", _("being made")
    READY = "READY", _("ready")
    FAILED = "FAILED", _("failed")


class PrintFile(models.Model):
    """A file of codes for a printer, made in the background for a member of staff.

    `code_ids` are the chosen codes, and `revision_ids` those of their revisions that the file
    contains. `size_mm` is the width of a code with its border. Of `steps`, which are pages to draw
    and to read back, `steps_done` are done. `runner` identifies the process that holds the lease.
    """

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    code_ids = ArrayField(models.BigIntegerField())
    revision_ids = ArrayField(models.BigIntegerField(), default=list)
    layout = models.CharField(max_length=10, choices=PrintLayout.choices, default=PrintLayout.GRID)
    size_mm = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(
        max_length=10, choices=PrintFileStatus.choices, default=PrintFileStatus.PROPOSED
    )
    steps = models.PositiveIntegerField(default=0)
    steps_done = models.PositiveIntegerField(default=0)
    content = models.BinaryField(null=True)
    ended_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    runner = models.UUIDField(default=uuid.uuid4)

    class Meta:
        verbose_name = _("print file")
        verbose_name_plural = _("print files")
        default_permissions = ()
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(status=PrintFileStatus.RUNNING),
                name="print_file_running",
            ),
            models.Index(fields=["created_by", "-id"], name="print_file_of_person"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=PrintFileStatus.values)
                & models.Q(layout__in=PrintLayout.values),
                name="print_file_values_known",
            ),
            models.CheckConstraint(
                condition=models.Q(content=None) ^ models.Q(status=PrintFileStatus.READY),
                name="print_file_ready_with_content",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Print file %(number)s") % {"number": self.pk}
