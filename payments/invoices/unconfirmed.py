"""Payments that SEQR has confirmed once, and not again when the shop acknowledged them."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.audit import ChangeSource
from payments.cases.cases import open_case, still_counts
from payments.invoices.transitions import lock_invoice
from payments.models import CaseKind, InvoiceStatus, MoneyCase

UNCONFIRMED_AFTER = timedelta(minutes=10)  # from the payment
UNANSWERED = "SEQR has confirmed the payment once, and has not answered about it since"


def unconfirmed_at(now: datetime) -> Q:
    """Return the filter for unacknowledged payments for which a case is to be opened."""
    kind = CaseKind.PAYMENT_UNCONFIRMED
    cases = MoneyCase.objects.filter(still_counts(kind), invoice=OuterRef("pk"), kind=kind)
    return Q(
        ~Exists(cases),
        status=InvoiceStatus.PAID,
        acknowledged_at=None,
        poll_bucket__isnull=False,  # for its index
        paid_at__lt=now - UNCONFIRMED_AFTER,
    )


def open_unconfirmed_cases() -> QuerySet[MoneyCase]:
    """Return the open cases about payments that SEQR does not confirm any more."""
    return MoneyCase.objects.filter(kind=CaseKind.PAYMENT_UNCONFIRMED, closed_at=None)


def is_unconfirmed(invoice_id: int) -> bool:
    """Return whether SEQR may have returned an invoice's payment: it is not refunded meanwhile."""
    return open_unconfirmed_cases().filter(invoice=invoice_id).exists()


@transaction.atomic
def open_unconfirmed_case(invoice_id: int, source: ChangeSource) -> None:
    """Open a case about a payment that is still unacknowledged; later answers may close it."""
    invoice = lock_invoice(invoice_id)
    if invoice.status == InvoiceStatus.PAID and invoice.acknowledged_at is None:
        open_case(CaseKind.PAYMENT_UNCONFIRMED, source, UNANSWERED, invoice=invoice)
