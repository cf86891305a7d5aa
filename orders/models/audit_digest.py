from django.db import models
from django.db.models.functions import Now


class AuditDigest(models.Model):
    """The digest of one day's events, and of the digest of the day before. Append-only.

    The digests are a chain: a change of an event, or of a digest, changes every later digest.
    `day` is a day of Stockholm's clock; a day without events has a digest too. `digest` is 64
    hexadecimal digits, and `previous` the digest of the day before, "" for the first.
    `event_marks` has the first bytes of each event's own digest, by which the changed one is found.
    """

    day = models.DateField(unique=True)
    event_count = models.PositiveBigIntegerField()
    first_event_id = models.BigIntegerField(null=True)
    last_event_id = models.BigIntegerField(null=True)
    event_marks = models.BinaryField()
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()  # staff neither see nor change it
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.digest}"
