"""Locks a refund with its invoice and order."""

from payments.invoices.transitions import lock_invoice
from payments.models import Refund


def lock_refund(refund_id: int) -> Refund:
    """Lock the order, the invoice and the refund, in this order; return the refund with both.

    So the sum of an invoice's refunds cannot change while one of them is created or changed. Must
    be called inside a transaction. Raises Refund.DoesNotExist.
    """
    invoice_id = Refund.objects.values_list("invoice_id", flat=True).get(pk=refund_id)
    invoice = lock_invoice(invoice_id)
    refund = Refund.objects.select_for_update(no_key=True).get(pk=refund_id)
    refund.invoice = invoice
    return refund
