"""Selects the invoices that the poller queries, by shard, and checks the shards' rows."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from payments.models import (
    BUCKET_COUNT,
    CancelReason,
    Invoice,
    InvoiceStatus,
    PollShard,
    Shard,
)

ROW_INTERVAL_SECONDS = 5.0  # between two writes of a shard's row
ACKNOWLEDGMENT_POLL_DURATION = timedelta(days=1)  # after the payment; a case is open by then
ROW_STALE_AFTER = timedelta(seconds=8)
# Another invoice paid the order: a query could accept a second payment. One that pays the order
# after all, since SEQR has reversed the other payment, is PAID and has to be acknowledged.
IS_SUPERSEDED = Q(cancel_reason=CancelReason.SUPERSEDED) & ~Q(status=InvoiceStatus.PAID)


def invoices_to_poll() -> QuerySet[Any]:
    """Return the invoices to query, each annotated with its `shard`."""
    return (
        _until_given_up(Invoice.objects.filter(poll_bucket__isnull=False))
        .exclude(IS_SUPERSEDED)
        .annotate(shard=F("poll_bucket") * settings.SEQR_POLL_SHARDS / BUCKET_COUNT)
        .order_by()
    )


def invoices_open_at_seqr(shard: Shard) -> QuerySet[Invoice]:
    """Return a shard's invoices to query and its superseded ones, which must not be queried."""
    buckets = shard.buckets
    in_shard = Invoice.objects.filter(poll_bucket__range=(buckets[0], buckets[-1]))
    return _until_given_up(in_shard).order_by()


def _until_given_up(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Leave out payments that SEQR has not acknowledged for long."""
    given_up_before = Now() - ACKNOWLEDGMENT_POLL_DURATION
    return invoices.exclude(status=InvoiceStatus.PAID, paid_at__lt=given_up_before)


def shards_with_current_row() -> set[Shard]:
    """Return the shards that have written their row within ROW_STALE_AFTER."""
    current = PollShard.objects.filter(round_started_at__gt=Now() - ROW_STALE_AFTER)
    return {row.shard for row in current}
