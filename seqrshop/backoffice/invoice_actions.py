"""Actions of staff on a payment at SEQR, and their results."""

from django.contrib import messages
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from payments.invoices.cancel import AlreadyPaid, cancel_invoice
from payments.invoices.duplicate import may_be_checked
from payments.invoices.refresh import query_and_apply, refresh_invoice
from payments.invoices.status_query import status_query_for
from payments.models import CancelReason, Invoice, InvoiceStatus
from payments.seqr import SeqrError
from seqrshop.backoffice.action_results import ActionResult, seqr_failure


def check_with_seqr(invoice: Invoice, source: ChangeSource) -> ActionResult:
    """Check a payment's status with SEQR."""
    if invoice.invoice_reference is None:
        return messages.WARNING, _("Not checked, SEQR does not have it yet")
    if not can_be_checked(invoice):
        return messages.WARNING, _("Not checked, another payment has paid the order")
    try:
        if status_query_for(invoice) is None:
            query_and_apply(invoice, source, may_be_duplicate=True)
        status = refresh_invoice(invoice.pk, source)
    except SeqrError as error:
        return seqr_failure(error)
    if status == invoice.status:
        return messages.INFO, _("Unchanged: %(status)s") % {"status": status.label}
    return messages.SUCCESS, _("Now: %(status)s") % {"status": status.label}


def can_be_checked(invoice: Invoice) -> bool:
    """Return whether staff may query a payment: it accepts nothing that SEQR would return."""
    if invoice.invoice_reference is None:
        return False
    return status_query_for(invoice) is not None or may_be_checked(invoice)


def cancel_at_seqr(invoice: Invoice, source: ChangeSource) -> ActionResult:
    """Cancel a payment at SEQR, unless SEQR answers that it is already paid."""
    if not invoice.is_open and invoice.status != InvoiceStatus.PAID:
        label = InvoiceStatus(invoice.status).label
        return messages.INFO, _("Nothing to cancel: %(status)s") % {"status": label}
    try:
        after = cancel_invoice(invoice.pk, CancelReason.STAFF, source)
    except AlreadyPaid:
        return messages.WARNING, _("Not cancelled, already paid")
    label = InvoiceStatus(after.status).label
    if after.is_open:
        return messages.WARNING, _(
            "Not confirmed by SEQR yet, retried automatically (%(status)s)"
        ) % {"status": label}
    if after.status == InvoiceStatus.CANCELED:
        return messages.SUCCESS, _("Cancelled")
    return messages.SUCCESS, _("Not cancelled, already ended: %(status)s") % {"status": label}
