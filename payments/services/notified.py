"""SEQR's notification: a hint to ask, never a proof."""

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from payments.models import Invoice

COALESCED_WITHIN = timedelta(seconds=1)


def invoice_notified(notify_key: str) -> int | None:
    """Note that SEQR has called an invoice's address; return its id, or None where there is none.

    Of many calls within a second one is written. The caller has SEQR asked.
    """
    invoice_id = Invoice.objects.filter(notify_key=notify_key).values_list("pk", flat=True).first()
    if invoice_id is not None:
        Invoice.objects.filter(
            Q(notified_at=None) | Q(notified_at__lt=Now() - COALESCED_WITHIN), pk=invoice_id
        ).update(notified_at=Now())
    return invoice_id
