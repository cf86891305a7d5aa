"""Which part of the poller an invoice belongs to."""

from django.conf import settings


def shard_of(invoice_id: int) -> int:
    """Return the number of the shard that polls this invoice, from 0."""
    return int(invoice_id % settings.SEQR_POLL_SHARDS)
