"""Refreshes an invoice on its page's own request where the poller has missed it.

SEQR reverses a payment that is not confirmed within 20 seconds.
"""

from __future__ import annotations

import threading
import time

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.models import Invoice, shard_of
from payments.polling.liveness import shard_is_stalled
from payments.polling.status_checks import check_status_soon

REFRESH_INTERVAL_SECONDS = 3  # of one invoice, however many pages show it
MAX_TRACKED_INVOICES = 10_000

_lock = threading.Lock()
_considered_at: dict[int, float] = {}  # by invoice id


def refresh_if_stale(invoice: Invoice) -> None:
    """Start a status check of an open invoice whose poller shard is stalled."""
    if not invoice.is_open or invoice.invoice_reference is None or not _is_due(invoice.pk):
        return
    if shard_is_stalled(shard_of(invoice.pk)):
        check_status_soon(invoice.pk, ChangeSource(SourceName.PAGE))


def _is_due(invoice_id: int) -> bool:
    now = time.monotonic()
    with _lock:
        last = _considered_at.get(invoice_id, -REFRESH_INTERVAL_SECONDS)
        if now - last < REFRESH_INTERVAL_SECONDS:
            return False
        if len(_considered_at) >= MAX_TRACKED_INVOICES:
            _considered_at.clear()
        _considered_at[invoice_id] = now
        return True
