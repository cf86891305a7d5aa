"""Which invoices the poller asks about, by which of its parts, and whether that part is at work."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Mod, Now

from payments.models import POLLED_STATUSES, CancelReason, Invoice, InvoiceStatus, PollShard

STALE_AFTER = timedelta(seconds=8)  # its row is written every five


def invoices_to_ask() -> QuerySet[Any]:
    """Return the invoices that SEQR is to be asked about, each with the number of its `shard`."""
    return open_at_seqr().exclude(cancel_reason=CancelReason.SUPERSEDED)


def open_at_seqr() -> QuerySet[Any]:
    """Return those, and the ones that it must not be asked about: superseded by a payment."""
    return (
        Invoice.objects.annotate(shard=Mod("id", settings.SEQR_POLL_SHARDS))
        .filter(
            Q(status__in=POLLED_STATUSES) | Q(status=InvoiceStatus.PAID, acknowledged_at=None),
            invoice_reference__isnull=False,
        )
        .order_by()
    )


def shard_is_stale(shard: int) -> bool:
    """Whether a shard has not gone round for longer than it should, by its row."""
    return not PollShard.objects.filter(
        number=shard, round_started_at__gt=Now() - STALE_AFTER
    ).exists()
