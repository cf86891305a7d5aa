"""SEQR's notification: a hint to query the status, never a proof of payment."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.cases.cases import open_case
from payments.invoices.transitions import lock_invoice, paid_by_another
from payments.models import CAPTURED_STATUSES, CaseKind, Invoice

COALESCE_INTERVAL = timedelta(seconds=1)


def invoice_notified(notify_key: str) -> int | None:
    """Record SEQR's notification of an invoice; return its id, None for an unknown key.

    One of many notifications within a second is stored. The caller queries the status.
    """
    invoice_id = Invoice.objects.filter(notify_key=notify_key).values_list("pk", flat=True).first()
    if invoice_id is not None:
        _open_duplicate_payment_case(invoice_id)
        Invoice.objects.filter(
            Q(notified_at=None) | Q(notified_at__lt=Now() - COALESCE_INTERVAL), pk=invoice_id
        ).update(notified_at=Now())
    return invoice_id


def _open_duplicate_payment_case(invoice_id: int) -> None:
    """Open a case if another invoice has paid the order; a query would accept this payment too.

    The notification proves nothing, so the case only reports that it came.
    """
    invoice = Invoice.objects.get(pk=invoice_id)
    if invoice.status in CAPTURED_STATUSES or not paid_by_another(invoice):
        return
    with transaction.atomic():
        open_case(
            CaseKind.DUPLICATE_PAYMENT,
            ChangeSource(SourceName.NOTIFICATION),
            "SEQR notified a payment, but another invoice has paid the order; it is not queried",
            invoice=lock_invoice(invoice_id),
        )
