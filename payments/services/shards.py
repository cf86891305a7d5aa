"""Which part of the poller an invoice belongs to, and whether that part is at work."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from payments.models import PollShard

STALE_AFTER = timedelta(seconds=8)  # its row is written every five


def shard_of(invoice_id: int) -> int:
    """Return the number of the shard that polls this invoice, from 0."""
    return int(invoice_id % settings.SEQR_POLL_SHARDS)


def shard_is_stale(shard: int) -> bool:
    """Whether a shard has not gone round for longer than it should, by its row."""
    return not PollShard.objects.filter(
        number=shard, round_started_at__gt=Now() - STALE_AFTER
    ).exists()
