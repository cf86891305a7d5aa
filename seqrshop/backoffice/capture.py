"""The page on which the staff take what is reserved for an invoice."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.audit import ChangeSource
from payments.invoices.capture import CommitNotPossible, commit_reservation
from payments.models import Invoice, InvoiceStatus
from payments.seqr import SeqrError, SeqrOutcomeUnknown
from seqrshop.backoffice.form_page import form_page
from seqrshop.backoffice.formatting import money
from seqrshop.backoffice.forms import CommitForm


def capture_invoice(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Ask whether the reserved amount is to be taken; then take it, and say what came of it."""
    if not request.user.has_perm("payments.capture_invoice"):
        raise PermissionDenied
    invoice = get_object_or_404(Invoice.objects.select_related("order"), pk=invoice_id)
    back = reverse("admin:payments_invoice_change", args=[invoice.pk])
    form = CommitForm(request.POST) if "amount" in request.POST else None
    if form is not None and form.is_valid():
        messages.add_message(request, *_commit(request, invoice, form))
        return HttpResponseRedirect(back)
    return form_page(
        request,
        invoice,
        CommitForm(initial={"amount": invoice.amount}),
        title=_("Take the reserved amount"),
        explain=_("SEQR draws %(amount)s from the customer. It can be given back as a refund only.")
        % {"amount": money(invoice.amount, invoice.currency)},
        button=_("Yes, take it"),
        action=reverse("admin:payments_invoice_commit", args=[invoice.pk]),
        back=back,
    )


def _commit(request: HttpRequest, invoice: Invoice, form: CommitForm) -> tuple[int, str]:
    source = ChangeSource("staff", request.user)
    try:
        status = commit_reservation(invoice.pk, form.cleaned_data["amount"], source)
    except CommitNotPossible as error:
        return messages.ERROR, str(error)
    except SeqrOutcomeUnknown as error:
        return messages.WARNING, _(
            "Whether it was taken is not known (%(error)s). SEQR is asked each second: "
            "this page tells as soon as it is paid."
        ) % {"error": _reason(error)}
    except SeqrError as error:
        return messages.ERROR, _("Not taken (%(error)s).") % {"error": _reason(error)}
    if status == InvoiceStatus.PAID:
        return messages.SUCCESS, _("Taken, and paid.")
    return messages.SUCCESS, _("Taken. SEQR is asked each second until it says that it is paid.")


def _reason(error: SeqrError) -> str:
    return str(error).rstrip(".")
