"""Selects the invoices that the poller queries, by shard, and checks the shards' rows."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Mod, Now

from payments.models import POLLED_STATUSES, CancelReason, Invoice, InvoiceStatus, PollShard

ROW_STALE_AFTER = timedelta(seconds=8)  # a shard writes its row every five seconds


def invoices_to_poll() -> QuerySet[Any]:
    """Return the invoices to query, each annotated with its `shard`."""
    return invoices_open_at_seqr().exclude(cancel_reason=CancelReason.SUPERSEDED)


def invoices_open_at_seqr() -> QuerySet[Any]:
    """Return the invoices to query and the superseded ones, which must not be queried."""
    return (
        Invoice.objects.annotate(shard=Mod("id", settings.SEQR_POLL_SHARDS))
        .filter(
            Q(status__in=POLLED_STATUSES) | Q(status=InvoiceStatus.PAID, acknowledged_at=None),
            invoice_reference__isnull=False,
        )
        .order_by()
    )


def shard_row_is_stale(shard: int) -> bool:
    """Return whether a shard has not written its row for ROW_STALE_AFTER."""
    return not PollShard.objects.filter(
        number=shard, round_started_at__gt=Now() - ROW_STALE_AFTER
    ).exists()
