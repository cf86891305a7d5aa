"""One more net under SEQR's 20 seconds: a customer's page that waits has SEQR asked."""

from __future__ import annotations

import threading
import time

from payments.models import Invoice, shard_of
from payments.polling.liveness import shard_is_stalled
from payments.polling.status_checks import check_status_soon

EVERY_SECONDS = 3  # for one invoice, however many pages wait for it
REMEMBERED = 10_000

_lock = threading.Lock()
_looked_at: dict[int, float] = {}


def recheck(invoice: Invoice) -> None:
    """Have SEQR asked about an open invoice, if its poller has not gone round as it should."""
    if not invoice.is_open or invoice.invoice_reference is None or not _is_due(invoice.pk):
        return
    if shard_is_stalled(shard_of(invoice.pk)):
        check_status_soon(invoice.pk, "page")


def _is_due(invoice_id: int) -> bool:
    now = time.monotonic()
    with _lock:
        if now - _looked_at.get(invoice_id, -EVERY_SECONDS) < EVERY_SECONDS:
            return False
        if len(_looked_at) >= REMEMBERED:
            _looked_at.clear()
        _looked_at[invoice_id] = now
        return True
