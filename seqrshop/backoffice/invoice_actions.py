"""What staff may have done about an invoice at SEQR, and what came of it, in words."""

import time
from collections.abc import Callable, Iterable

from django.contrib import messages
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from payments.invoices.cancel import AlreadyPaid, cancel_invoice
from payments.invoices.refresh import refresh_invoice
from payments.invoices.status_query import status_query_for
from payments.models import CancelReason, Invoice, InvoiceStatus
from payments.seqr import SeqrError, SeqrOutcomeUnknown, SeqrUnavailable
from seqrshop.backoffice.action_results import Report

MOST_AT_ONCE = 50
MOST_SECONDS = 20.0

Outcome = tuple[int, str | Promise]
"""How good or bad it is, by django.contrib.messages, and a sentence without its full stop."""


def each(invoices: Iterable[Invoice], act: Callable[[Invoice], Outcome]) -> Report:
    """Do something about each invoice, for as long as a browser waits; return what came of each."""
    report = Report()
    until = time.monotonic() + MOST_SECONDS
    for invoice in invoices:
        if time.monotonic() < until:
            report.add(*act(invoice), invoice.client_invoice_id)
        else:
            late = _("Not tried, since SEQR answers slowly; try again")
            report.add(messages.WARNING, late, invoice.client_invoice_id)
    return report


def ask(invoice: Invoice, source: ChangeSource) -> Outcome:
    """Ask SEQR how an invoice stands."""
    if invoice.invoice_reference is None:
        return messages.WARNING, _("Not asked, as SEQR does not have it yet")
    if status_query_for(invoice) is None:
        return messages.WARNING, _("Not asked, as another invoice has paid the order")
    try:
        status = refresh_invoice(invoice.pk, source)
    except (SeqrUnavailable, SeqrOutcomeUnknown) as error:
        return messages.ERROR, _("No answer from SEQR (%(error)s)") % {"error": _reason(error)}
    except SeqrError as error:
        return messages.ERROR, _("SEQR refused (%(error)s)") % {"error": _reason(error)}
    if status == invoice.status:
        return messages.INFO, _("Unchanged: %(status)s") % {"status": status.label}
    return messages.SUCCESS, _("Now: %(status)s") % {"status": status.label}


def cancel(invoice: Invoice, source: ChangeSource) -> Outcome:
    """Cancel an invoice at SEQR, listening to the answer."""
    if not invoice.is_open and invoice.status != InvoiceStatus.PAID:
        label = InvoiceStatus(invoice.status).label
        return messages.INFO, _("Nothing to cancel: %(status)s") % {"status": label}
    try:
        after = cancel_invoice(invoice.pk, CancelReason.STAFF, source)
    except AlreadyPaid:
        return messages.WARNING, _("Not cancelled, as it is already paid")
    label = InvoiceStatus(after.status).label
    if after.is_open:
        return messages.WARNING, _(
            "Not confirmed by SEQR yet, and tried again by itself (%(status)s)"
        ) % {"status": label}
    if after.status == InvoiceStatus.CANCELED:
        return messages.SUCCESS, _("Cancelled")
    return messages.SUCCESS, _("Not cancelled, as it has ended: %(status)s") % {"status": label}


def _reason(error: SeqrError) -> str:
    return str(error).rstrip(".")
