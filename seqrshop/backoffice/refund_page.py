"""The page on which staff refund a payment: rows to tick, or an amount, and a reason."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from orders.audit import by_staff
from orders.languages import current_language
from payments import tasks
from payments.balance import refundable_amount
from payments.invoices.unconfirmed import is_unconfirmed
from payments.models import (
    ApprovalReason,
    Invoice,
    InvoiceStatus,
    Refund,
    RefundReason,
    RefundStatus,
)
from payments.refunds.allowance import allowance_of
from payments.refunds.hold import refunds_are_held
from payments.refunds.refund import RefundNotAccepted, RefundRequest, create_refund
from payments.refunds.row_amounts import RefundableLine, refundable_lines
from seqrshop.backoffice.formatting import money
from seqrshop.backoffice.links import admin_url, page_url
from seqrshop.backoffice.refund_form import RefundForm, RefundOffer, row_field
from seqrshop.backoffice.shop_scope import own_rows

REFUND_WAITS = _("Refunds are on hold; this one is sent when the hold ends.")
UNCONFIRMED = _(
    "SEQR no longer confirms the payment; the refund is sent when the case about it is closed."
)
MAX_BUTTONS = 5  # a row with more units has a field for the number
ORE = 100  # in a major unit


@dataclass(frozen=True)
class RowChoice:
    """A row as the page offers it; `amounts` are in öre, for one unit, two units, and so on.

    A product's options are refunded with it, and counted in `unit_price` and `amounts`.
    """

    name: str
    options: str
    note: str
    field: str
    quantity: int
    remaining: int
    paid: str
    unit_price: str
    chosen: int
    amounts: str
    error: str

    @property
    def numbers(self) -> range:
        """The quantities with a button of their own; empty for a row with a tick or a field."""
        return range(self.remaining + 1) if 1 < self.remaining <= MAX_BUTTONS else range(0)

    @property
    def refunded(self) -> int:
        """The number of units that are refunded already, or are about to be."""
        return self.quantity - self.remaining


def refund_page(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Ask what to refund and why, then send the refund or leave it for approval."""
    if not request.user.has_perm("payments.request_refund"):
        raise PermissionDenied
    invoices = own_rows(request, Invoice.objects.select_related("order__shop", "order__customer"))
    invoice = get_object_or_404(invoices, pk=invoice_id)
    offer = _offer(request, invoice)
    if "nonce" not in request.POST:
        proposed = RefundForm(offer, initial={"amount": request.GET.get("amount", "")})
        return _show(request, offer, proposed, secrets.token_urlsafe(16))
    form = RefundForm(offer, request.POST)
    is_valid = form.is_valid()
    if _is_second_click(invoice, form):
        return HttpResponseRedirect(_page_after(request, invoice))
    if is_valid and form.was_shown and _create(request, invoice, form):
        return HttpResponseRedirect(_page_after(request, invoice))
    return _show(request, offer, form, request.POST["nonce"])


def send_after_transaction(refund_id: int) -> None:
    """Have a refund sent to SEQR once the transaction is committed."""
    transaction.on_commit(partial(tasks.enqueue, tasks.send_refund, refund_id))


def _offer(request: HttpRequest, invoice: Invoice) -> RefundOffer:
    is_of_order = invoice.status == InvoiceStatus.PAID
    return RefundOffer(
        invoice,
        refundable_amount(invoice),
        tuple(refundable_lines(invoice)) if is_of_order else (),
        allowance_of(request.user, invoice),
    )


def _is_second_click(invoice: Invoice, form: RefundForm) -> bool:
    """Return whether the form has made its refund: the units in it are no longer left then."""
    nonce = form.cleaned_data.get("nonce")
    return Refund.objects.filter(nonce=nonce, invoice=invoice).exists()


def _page_after(request: HttpRequest, invoice: Invoice) -> str:
    """Return the order's page, which shows the refund; the payment's to those who lack it."""
    may_see_order = request.user.has_perm("orders.view_order")
    return page_url(invoice.order if may_see_order else invoice)


def _create(request: HttpRequest, invoice: Invoice, form: RefundForm) -> bool:
    given = form.cleaned_data
    wanted = RefundRequest(
        amount=given["refund_amount"],
        reason=given["reason"],
        nonce=given["nonce"],
        reason_code=given["reason_code"],
        quantities=given["quantities"],
    )
    try:
        refund, _is_new = create_refund(invoice.pk, wanted, by_staff(request.user))
    except RefundNotAccepted as error:
        form.add_error(None, str(error))
        return False
    _send_or_explain(request, refund)
    return True


def _send_or_explain(request: HttpRequest, refund: Refund) -> None:
    """Have a refund sent, or show why it waits."""
    if refund.status == RefundStatus.REQUESTED:
        reason = {"reason": ApprovalReason(refund.approval_reason).label}
        text = _("The refund needs approval by a second person: %(reason)s.") % reason
        messages.info(request, text)
    elif refunds_are_held():
        messages.warning(request, REFUND_WAITS)
    elif is_unconfirmed(refund.invoice_id):
        messages.warning(request, UNCONFIRMED)
    else:
        send_after_transaction(refund.pk)
        messages.success(request, _("The refund is being sent to SEQR."))


def _show(request: HttpRequest, offer: RefundOffer, form: RefundForm, nonce: str) -> HttpResponse:
    """Show the form; with a sum that the person has to see first, if there is one."""
    invoice, currency = offer.invoice, offer.invoice.currency
    to_confirm = form.is_bound and form.is_valid()
    context = {
        **admin.site.each_context(request),
        "title": _("Refund order %(number)s") % {"number": invoice.order.number},
        "invoice": invoice,
        "order": invoice.order,
        "form": form,
        "nonce": nonce,
        "rows": [_choice(line, form, currency) for line in offer.lines],
        "everything": money(offer.refundable, currency),
        "everything_ore": _ore(offer.refundable),
        "is_everything_chosen": form["everything"].value(),
        "nothing_left": offer.refundable <= 0,
        "rows_exceed_rest": offer.rows_amount > offer.refundable,
        "allowed": money(offer.allowance.amount, currency),
        "allowed_ore": _ore(offer.allowance.amount),
        "reasons": RefundReason.choices,
        "chosen_reason": form["reason_code"].value(),
        "waits": _reason_to_wait(invoice),
        "to_confirm": to_confirm,
        "confirm_amount": money(form.cleaned_data["refund_amount"], currency) if to_confirm else "",
        "seen_amount": form.cleaned_data["refund_amount"] if to_confirm else None,
        "needs_approval": to_confirm and form.needs_approval,
        "back_url": _page_after(request, invoice),
        "action_url": admin_url(Invoice, "refund", invoice.pk),
        "opts": Invoice._meta,
    }
    return TemplateResponse(request, "staff/refund.html", context)


def _reason_to_wait(invoice: Invoice) -> object:
    """Return why a refund that needs no approval is not sent now; empty if it is."""
    if refunds_are_held():
        return REFUND_WAITS
    return UNCONFIRMED if is_unconfirmed(invoice.pk) else ""


def _choice(line: RefundableLine, form: RefundForm, currency: str) -> RowChoice:
    row, language = line.row, current_language()
    chosen = str(form[row_field(line)].value() or "")
    amounts = (line.amount_of(number) for number in range(1, line.remaining + 1))
    unit_price = row.unit_price + sum(option.unit_price for option in line.options)
    return RowChoice(
        name=row.name_in(language),
        options=", ".join(option.name_in(language) for option in line.options),
        note=row.note,
        field=row_field(line),
        quantity=row.quantity,
        remaining=line.remaining,
        paid=money(line.paid_amount, currency),
        unit_price=money(unit_price, currency),
        chosen=int(chosen) if chosen.isascii() and chosen.isdigit() else 0,
        amounts=" ".join(str(_ore(amount)) for amount in amounts),
        error=" ".join(map(str, form.errors.get(row_field(line), ()))),
    )


def _ore(amount: Decimal) -> int:
    return int(amount * ORE)
