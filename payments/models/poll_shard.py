from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PollShard(models.Model):
    """When a shard of the poller (the invoices of one id modulo shards) last went round."""

    number = models.PositiveSmallIntegerField(_("shard"), primary_key=True)
    round_started_at = models.DateTimeField(_("last round"))
    oldest_answer_at = models.DateTimeField(
        _("oldest answer"),
        help_text=_("Each of its open invoices has had an answer from SEQR since then."),
    )

    class Meta:
        verbose_name = _("poller shard")
        verbose_name_plural = _("poller shards")
        ordering = ["number"]

    def __str__(self) -> str:
        return f"shard {self.number}"


def shard_of(invoice_id: int) -> int:
    """Return the number of the shard that polls this invoice, from 0."""
    return int(invoice_id % settings.SEQR_POLL_SHARDS)
