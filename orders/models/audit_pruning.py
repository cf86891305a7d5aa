from django.db import models
from django.db.models.functions import Now


class AuditPruning(models.Model):
    """Days of the audit whose events were removed as a whole. Append-only.

    Their digests are kept. `digest` is that of the last of these days, and `event_count` the number
    of their events, as the digests have it.
    """

    first_day = models.DateField(unique=True)
    last_day = models.DateField()
    event_count = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    pruned_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()  # staff neither see nor change it
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(first_day__lte=models.F("last_day")),
                name="audit_pruning_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day}"
