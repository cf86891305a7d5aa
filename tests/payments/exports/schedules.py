"""What the tests of scheduled exports share."""

from __future__ import annotations

from datetime import UTC, date, datetime

from payments.exports.deliveries import deliveries_due, make_delivery
from payments.models import ExportDelivery

FIRST = date(2026, 11, 2)
AFTER_FIRST = datetime(2026, 11, 3, 2, tzinfo=UTC)  # 03:00 in Stockholm
NAME = "receipts-2026-11-02-2026-11-02-{}.csv"


def deliver_all(now: datetime = AFTER_FIRST) -> None:
    """Make the deliveries that are due, as the scheduled task does."""
    for delivery_id in deliveries_due(now):
        make_delivery(delivery_id)


def lapse_leases() -> None:
    """Let the leases and the pauses of all deliveries end."""
    ExportDelivery.objects.update(lease_until=None)
