"""Resumes an order that needs attention, once a person has closed its case."""

from django.db import transaction

from orders.audit import ChangeSource
from orders.models import Order, OrderState
from orders.transitions import lock_order, transition_order
from payments.balance import update_order_refund_state
from payments.cases.cases import close_case
from payments.invoices.transitions import lock_invoice
from payments.models import CaseKind, Invoice, InvoiceStatus, MoneyCase

# Open cases of these kinds keep an order in NEEDS_ATTENTION after its invoice has ended.
BLOCKING_CASE_KINDS = (CaseKind.AMOUNT_DIFFERS, CaseKind.POSSIBLY_REVERSED)


@transaction.atomic
def resolve_case(case_id: int, source: ChangeSource, reason: str) -> bool:
    """Close a case for a person, and resume its order; return whether the case was open.

    The order becomes paid or refunded if an invoice has paid it; else cancelled, so that its
    customer can pay or order again. While an invoice is open, SEQR's status decides. Raises
    ValueError without a reason.
    """
    order_id = MoneyCase.objects.values_list("order_id", flat=True).get(pk=case_id)
    order = None if order_id is None else lock_order(order_id)
    if not close_case(case_id, source, reason):
        return False
    if order is not None and order.state == OrderState.NEEDS_ATTENTION:
        _resume_order(order, source)
    return True


def _resume_order(order: Order, source: ChangeSource) -> None:
    if MoneyCase.objects.filter(order=order, kind__in=BLOCKING_CASE_KINDS, closed_at=None).exists():
        return
    invoices = list(Invoice.objects.filter(order=order))
    if any(invoice.is_open for invoice in invoices):
        return
    paid = next((each for each in invoices if each.status == InvoiceStatus.PAID), None)
    if paid is None:
        transition_order(order, OrderState.CANCELED, source)
        return
    invoice = lock_invoice(paid.pk)
    transition_order(invoice.order, OrderState.PAID, source)
    update_order_refund_state(invoice, source)
