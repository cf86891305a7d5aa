"""The page on which staff capture the reserved amount of a payment."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from orders.audit import by_staff
from payments.invoices.capture import CaptureNotPossible, capture_reservation
from payments.models import Invoice, InvoiceStatus
from payments.seqr import SeqrError, SeqrOutcomeUnknown
from seqrshop.backoffice.form_page import form_page
from seqrshop.backoffice.formatting import money
from seqrshop.backoffice.forms import CaptureForm
from seqrshop.backoffice.links import admin_url, page_url
from seqrshop.backoffice.shop_scope import own_rows


def capture_page(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Ask for confirmation, then capture the reserved amount and show the result."""
    if not request.user.has_perm("payments.capture_invoice"):
        raise PermissionDenied
    invoices = own_rows(request, Invoice.objects.select_related("order"))
    invoice = get_object_or_404(invoices, pk=invoice_id)
    form = CaptureForm(request.POST) if "amount" in request.POST else None
    if form is not None and form.is_valid():
        messages.add_message(request, *_capture(request, invoice, form))
        return HttpResponseRedirect(page_url(invoice))
    return form_page(
        request,
        invoice,
        CaptureForm(initial={"amount": invoice.amount}),
        title=_("Capture the reserved amount"),
        explanation=_(
            "SEQR charges the customer %(amount)s. The money can only be returned as a refund."
        )
        % {"amount": money(invoice.amount, invoice.currency)},
        button=_("Capture"),
        action_url=admin_url(Invoice, "capture", invoice.pk),
    )


def _capture(request: HttpRequest, invoice: Invoice, form: CaptureForm) -> tuple[int, str]:
    try:
        status = capture_reservation(
            invoice.pk, form.cleaned_data["amount"], by_staff(request.user)
        )
    except CaptureNotPossible as error:
        return messages.ERROR, str(error)
    except SeqrOutcomeUnknown as error:
        return messages.WARNING, _(
            "It is not known whether the amount was captured (%(error)s). SEQR is checked every "
            "second, and this page shows when the payment is complete."
        ) % {"error": _reason(error)}
    except SeqrError as error:
        return messages.ERROR, _("Not captured (%(error)s).") % {"error": _reason(error)}
    if status == InvoiceStatus.PAID:
        return messages.SUCCESS, _("Captured and paid.")
    return messages.SUCCESS, _(
        "Captured. SEQR is checked every second until the payment is complete."
    )


def _reason(error: SeqrError) -> str:
    return str(error).rstrip(".")
