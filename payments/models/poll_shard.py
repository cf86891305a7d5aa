from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models.functions import JSONObject
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.compiled_query import CompiledQuery

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
    `refused_answers` holds the same for each terminal that SEQR refuses: since when it has answered
    about the terminal's open payments, which `oldest_answer_at` leaves out.
    """

    number = models.PositiveSmallIntegerField(_("number"))
    count = models.PositiveSmallIntegerField()
    round_started_at = models.DateTimeField(_("last check started"))
    oldest_answer_at = models.DateTimeField(
        _("oldest answer from SEQR"),
        help_text=_("SEQR has answered about every open payment since then."),
    )
    refused_answers = models.JSONField(null=True, editable=False)  # ISO times by terminal

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

    @property
    def refused(self) -> dict[int, datetime]:
        """Since when SEQR has answered about the open payments of each terminal that it refuses."""
        stored = self.refused_answers or {}
        return {int(terminal): datetime.fromisoformat(at) for terminal, at in stored.items()}


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


_ALL_SHARDS = CompiledQuery(PollShard.objects.all)


class AnswerTimes:
    """Since when SEQR has answered about every open invoice, by the rows of the shards."""

    def __init__(self, rows: Iterable[PollShard]) -> None:
        self._rows: dict[int, list[tuple[datetime, dict[int, datetime]]]] = {}  # by bucket
        for row in rows:
            times = row.oldest_answer_at, row.refused
            for bucket in row.shard.buckets:
                self._rows.setdefault(bucket, []).append(times)

    def last_answer_at(self, invoice_id: int, terminal_id: int, issued_at: datetime) -> datetime:
        """Return the latest time at which SEQR surely answered about an invoice of a terminal.

        Before its issue it could not be paid.
        """
        rows = self._rows.get(bucket_of(invoice_id), [])
        answered = (refused.get(terminal_id, oldest) for oldest, refused in rows)
        return max([issued_at, *answered])


def answer_times_column() -> ArraySubquery:
    """Return an annotation of any row: the rows of all shards, for `answer_times_in_column`."""
    fields = ("number", "count", "oldest_answer_at", "refused_answers")
    columns = JSONObject(**{name: name for name in fields})
    return ArraySubquery(PollShard.objects.order_by().values_list(columns))


def answer_times_in_column(column: Iterable[Mapping[str, Any]]) -> AnswerTimes:
    """Return what `answer_times_column` has read in the statement of another row."""
    return AnswerTimes(
        PollShard(**{**row, "oldest_answer_at": datetime.fromisoformat(row["oldest_answer_at"])})
        for row in column
    )


def read_answer_times() -> AnswerTimes:
    """Read the rows of every number of shards, since the setting may have been changed."""
    return AnswerTimes(_ALL_SHARDS.fetch())
