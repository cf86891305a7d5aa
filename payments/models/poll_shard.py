from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class PollShard(models.Model):
    """The last round of a poller's shard: the invoices of one id modulo SEQR_POLL_SHARDS."""

    number = models.PositiveSmallIntegerField(_("number"), primary_key=True)
    round_started_at = models.DateTimeField(_("last check started"))
    oldest_answer_at = models.DateTimeField(
        _("oldest answer from SEQR"),
        help_text=_("SEQR has answered about every open payment since then."),
    )

    class Meta:
        verbose_name = _("payment check")
        verbose_name_plural = _("payment checks")
        ordering = ["number"]

    def __str__(self) -> str:
        return gettext("Payment check %(number)s") % {"number": self.number}


def shard_of(invoice_id: int) -> int:
    """Return the number of the shard that polls this invoice, from 0."""
    return int(invoice_id % settings.SEQR_POLL_SHARDS)
