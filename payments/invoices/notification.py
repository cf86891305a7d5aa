"""SEQR's notification: a hint to query the status, never a proof of payment."""

from datetime import timedelta

from django.db import transaction
from django.db.models import BigIntegerField, CharField, Q
from django.db.models.functions import Now

from orders.audit import ChangeSource
from orders.compiled_query import CompiledQuery, CompiledUpdate, Parameter
from orders.models import SourceName
from payments.cases.cases import open_case
from payments.invoices.transitions import lock_invoice, order_paid_by_another
from payments.models import CAPTURED_STATUSES, UNPAID_FINAL_STATUSES, CaseKind, Invoice

COALESCE_INTERVAL = timedelta(seconds=1)
PAID_BY_ANOTHER = "another invoice has paid the order"
TERMINAL_RETIRED = "the invoice has ended and its terminal is retired"

_NOTIFIED = CompiledQuery(
    lambda: Invoice.objects.select_related("order", "terminal").filter(
        notify_key=Parameter("notify_key", CharField())
    )
)
_NOTE_UNLESS_RECENT = CompiledUpdate(
    lambda: Invoice.objects.filter(
        Q(notified_at=None) | Q(notified_at__lt=Now() - COALESCE_INTERVAL),
        pk=Parameter("id", BigIntegerField()),
    ),
    notified_at=Now(),
)


def invoice_notified(notify_key: str) -> int | None:
    """Record SEQR's notification of an invoice; return its id, None for an unknown key.

    One of many notifications within a second is stored. The caller queries the status.
    """
    invoice = _NOTIFIED.first(notify_key=notify_key)
    if invoice is None:
        return None
    _open_case_if_unqueried(invoice)
    _NOTE_UNLESS_RECENT.execute(id=invoice.pk)
    return invoice.pk


def _open_case_if_unqueried(invoice: Invoice) -> None:
    """Open a case about a payment that must not or cannot be queried: SEQR returns it.

    A query would accept a second payment of the order, and a retired terminal makes none. The
    notification proves nothing, so the case only reports that it came.
    """
    if invoice.status in CAPTURED_STATUSES:
        return
    if order_paid_by_another(invoice):
        _open_case(CaseKind.DUPLICATE_PAYMENT, invoice.pk, PAID_BY_ANOTHER)
    elif invoice.status in UNPAID_FINAL_STATUSES and invoice.terminal.retired_at is not None:
        _open_case(CaseKind.POSSIBLY_REVERSED, invoice.pk, TERMINAL_RETIRED)


@transaction.atomic
def _open_case(kind: CaseKind, invoice_id: int, reason: str) -> None:
    source = ChangeSource(SourceName.NOTIFICATION)
    summary = f"SEQR notified a payment, but {reason}; it is not queried"
    open_case(kind, source, summary, invoice=lock_invoice(invoice_id))
