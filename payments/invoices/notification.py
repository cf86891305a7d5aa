"""SEQR's notification: a hint to ask, never a proof."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.cases.cases import open_case
from payments.invoices.transitions import lock_invoice, paid_by_another
from payments.models import CaseKind, Invoice, InvoiceStatus

COALESCED_WITHIN = timedelta(seconds=1)


def invoice_notified(notify_key: str) -> int | None:
    """Note that SEQR has called an invoice's address; return its id, or None where there is none.

    Of many calls within a second one is written. The caller has SEQR asked.
    """
    invoice_id = Invoice.objects.filter(notify_key=notify_key).values_list("pk", flat=True).first()
    if invoice_id is not None:
        _tell_of_a_second_payment(invoice_id)
        Invoice.objects.filter(
            Q(notified_at=None) | Q(notified_at__lt=Now() - COALESCED_WITHIN), pk=invoice_id
        ).update(notified_at=Now())
    return invoice_id


def _tell_of_a_second_payment(invoice_id: int) -> None:
    """Open a case where another invoice has paid the order. Asking would accept this payment too.

    The notification alone proves nothing, so the case says no more than that it came.
    """
    invoice = Invoice.objects.get(pk=invoice_id)
    if invoice.status == InvoiceStatus.PAID or not paid_by_another(invoice):
        return
    with transaction.atomic():
        open_case(
            CaseKind.SECOND_PAYMENT,
            ChangeSource(SourceName.NOTIFICATION),
            "SEQR notified of an invoice whose order another one has paid; it is not asked about",
            invoice=lock_invoice(invoice_id),
        )
