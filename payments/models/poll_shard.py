from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# Each invoice is in one bucket for good, so that another number of shards rewrites no row.
BUCKET_COUNT = 64  # also the highest SEQR_POLL_SHARDS


@dataclass(frozen=True)
class Shard:
    """Shard `number` of `count`, counted from 0: an equal part of the buckets, in order."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def buckets(self) -> range:
        """The numbers of its buckets. The shards of one count have each bucket once."""
        return range(
            -(-BUCKET_COUNT * self.number // self.count),  # rounded up
            -(-BUCKET_COUNT * (self.number + 1) // self.count),
        )


class PollShard(models.Model):
    """The last round of a poller's shard.

    A row of a former SEQR_POLL_SHARDS stays: it still holds when SEQR answered about its buckets.
    """

    number = models.PositiveSmallIntegerField(_("number"))
    count = models.PositiveSmallIntegerField()
    round_started_at = models.DateTimeField(_("last check started"))
    oldest_answer_at = models.DateTimeField(
        _("oldest answer from SEQR"),
        help_text=_("SEQR has answered about every open payment since then."),
    )

    class Meta:
        verbose_name = _("payment check")
        verbose_name_plural = _("payment checks")
        ordering = ["count", "number"]
        constraints = [models.UniqueConstraint(fields=["count", "number"], name="poll_shard_once")]

    def __str__(self) -> str:
        return gettext("Payment check %(number)s") % {"number": self.number}

    @property
    def shard(self) -> Shard:
        """The shard whose last round this is."""
        return Shard(self.number, self.count)


def current_shards() -> list[Shard]:
    """Return the shards that SEQR_POLL_SHARDS divides the open invoices into."""
    count = settings.SEQR_POLL_SHARDS
    return [Shard(number, count) for number in range(count)]


def bucket_of(invoice_id: int) -> int:
    """Return an invoice's bucket, as `poll_bucket` stores it while SEQR is to be queried."""
    return invoice_id % BUCKET_COUNT


def shard_of(invoice_id: int) -> int:
    """Return the number of the shard that polls this invoice, from 0."""
    return int(bucket_of(invoice_id) * settings.SEQR_POLL_SHARDS // BUCKET_COUNT)


def read_answer_times() -> dict[int, datetime]:
    """Return since when SEQR has answered about every open invoice, by bucket.

    Reads the rows of every number of shards, since the setting may have been changed.
    """
    times: dict[int, datetime] = {}
    for row in PollShard.objects.all():
        for bucket in row.shard.buckets:
            times[bucket] = max(times.get(bucket, row.oldest_answer_at), row.oldest_answer_at)
    return times
