"""Refunds: asked for on the invoice's page; approved, withdrawn and settled here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from orders.models import SubjectType
from payments import tasks
from payments.models import Invoice, Refund, RefundStatus
from payments.reconciliation.refund_suggestion import RefundSuggestion, suggest_refund_outcome
from payments.refunds.refund import (
    RefundNotAccepted,
    approve_refund,
    refundable_now,
    request_refund,
    resolve_unknown_refund,
    withdraw_refund,
)
from seqrshop.backoffice.action_results import Report, too_many
from seqrshop.backoffice.form_page import form_page
from seqrshop.backoffice.formatting import age, money
from seqrshop.backoffice.forms import RefundForm, SettleForm
from seqrshop.backoffice.history import HistoryAdmin

MOST_AT_ONCE = 50


def refund_invoice(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Ask how much of an invoice goes back and why, then have it sent."""
    if not request.user.has_perm("payments.request_refund"):
        raise PermissionDenied
    invoice = get_object_or_404(Invoice.objects.select_related("order"), pk=invoice_id)
    back = reverse("admin:payments_invoice_change", args=[invoice.pk])
    most = refundable_now(invoice.pk)
    form = RefundForm(request.POST) if "nonce" in request.POST else _new_form(most)
    if form.is_bound and form.is_valid() and _request(request, invoice, form):
        return HttpResponseRedirect(back)
    return form_page(
        request,
        invoice,
        form,
        title=_("Give money back"),
        explain=_("At most %(most)s can be given back. The money goes to the customer at once.")
        % {"most": money(most, invoice.currency)},
        button=_("Give it back"),
        action=reverse("admin:payments_invoice_refund", args=[invoice.pk]),
        back=back,
    )


def _new_form(most: Decimal) -> RefundForm:
    return RefundForm(initial={"amount": most, "nonce": secrets.token_urlsafe(16)})


def _request(request: HttpRequest, invoice: Invoice, form: RefundForm) -> bool:
    given = form.cleaned_data
    try:
        refund, _is_new = request_refund(
            invoice.pk, given["amount"], given["reason"], request.user, given["nonce"]
        )
    except RefundNotAccepted as error:
        form.add_error("amount", str(error))
        return False
    if refund.status == RefundStatus.REQUESTED:
        messages.info(request, _("The refund waits for a second person to approve it."))
    else:
        _send_on_commit(refund.pk)
        messages.success(request, _("The refund is on its way to SEQR."))
    return True


@admin.register(Refund)
class RefundAdmin(HistoryAdmin[Refund]):
    """Refunds: what went back, may have gone back, or waits for somebody."""

    subject_type = SubjectType.REFUND
    list_display = ("__str__", "order_number", "sum", "status", "reason", "requested_by", "age")
    list_filter = ("status", "created_at")
    list_select_related = ("invoice__order", "requested_by")
    fields = (
        "invoice_link",
        "sum",
        "status",
        "reason",
        "requested_by",
        "approved_by",
        "created_at",
        "sent_at",
        "ers_reference",
        "refunded_at",
        "settled_by",
        "settled_reason",
    )
    readonly_fields = ("invoice_link", "sum")
    actions = ("approve", "withdraw", "settle")

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which an unknown refund is settled."""
        settle = self.admin_site.admin_view(self.settle_page)
        name = "payments_refund_settle"
        return [path("<int:refund_id>/settle/", settle, name=name), *super().get_urls()]

    def detail_actions(self, refund: Refund) -> tuple[str, ...]:
        """Return what can be done with it as it stands."""
        return {
            RefundStatus.REQUESTED: ("approve", "withdraw"),
            RefundStatus.CREATED: ("withdraw",),
            RefundStatus.UNKNOWN: ("settle",),
        }.get(RefundStatus(refund.status), ())

    @admin.display(description=_("order"))
    def order_number(self, refund: Refund) -> str:
        """The order's number."""
        return refund.invoice.order.number

    @admin.display(description=_("amount"), ordering="amount")
    def sum(self, refund: Refund) -> str:
        """The amount with its currency."""
        return money(refund.amount, refund.currency)

    @admin.display(description=_("age"), ordering="-created_at")
    def age(self, refund: Refund) -> str:
        """How long ago it was asked for."""
        return age(refund.created_at)

    @admin.display(description=_("invoice"))
    def invoice_link(self, refund: Refund) -> str:
        """The invoice, linked to its page."""
        page = reverse("admin:payments_invoice_change", args=[refund.invoice_id])
        return format_html('<a href="{}">{}</a>', page, refund.invoice.client_invoice_id)

    def has_approve_permission(self, request: HttpRequest) -> bool:
        """Whether this user may approve a large refund."""
        return request.user.has_perm("payments.approve_refund")

    def has_request_permission(self, request: HttpRequest) -> bool:
        """Whether this user may give money back, and so take it back."""
        return request.user.has_perm("payments.request_refund")

    def has_settle_permission(self, request: HttpRequest) -> bool:
        """Whether this user may say what became of an unknown refund."""
        return request.user.has_perm("payments.resolve_unknown_refund")

    @admin.action(description=_("Approve"), permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Refund]) -> None:
        """Let each chosen refund be sent."""

        def approve(refund: Refund) -> str:
            try:
                if not approve_refund(refund.pk, request.user):
                    return str(_("It does not wait for approval"))
            except RefundNotAccepted as error:
                return str(error).rstrip(".")
            _send_on_commit(refund.pk)
            return str(_("Approved, and on its way to SEQR"))

        self._each(request, queryset, approve)

    @admin.action(description=_("Withdraw"), permissions=["request"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Refund]) -> None:
        """Take each chosen refund back that has not been sent."""

        def withdraw(refund: Refund) -> str:
            if withdraw_refund(refund.pk, request.user):
                return str(_("Withdrawn"))
            return str(_("Too late to withdraw"))

        self._each(request, queryset, withdraw)

    @admin.action(description=_("Settle"), permissions=["settle"])
    def settle(self, request: HttpRequest, queryset: QuerySet[Refund]) -> HttpResponse | None:
        """Show the page on which one unknown refund is settled."""
        if queryset.count() != 1:
            self.message_user(request, _("Settle one refund at a time."), messages.ERROR)
            return None
        return self.settle_page(request, queryset.get().pk)

    def settle_page(self, request: HttpRequest, refund_id: int) -> HttpResponse:
        """Ask what became of an unknown refund, and write it down."""
        if not self.has_settle_permission(request):
            raise PermissionDenied
        refund = get_object_or_404(Refund.objects.select_related("invoice__order"), pk=refund_id)
        back = reverse("admin:payments_refund_change", args=[refund.pk])
        proposal = _proposal(refund)
        form = SettleForm(request.POST) if "reason" in request.POST else _as_proposed(proposal)
        if form.is_bound and form.is_valid():
            if resolve_unknown_refund(refund.pk, actor=request.user, **form.cleaned_data):
                self.message_user(request, _("Settled."))
            else:
                self.message_user(request, _("Its outcome is not unknown."), messages.ERROR)
            return HttpResponseRedirect(back)
        return form_page(
            request,
            refund,
            form,
            title=_("Settle a refund"),
            explain=_(
                "%(amount)s of order %(order)s, because: %(reason)s. %(proposal)s "
                "You decide; it is never sent again by itself."
            )
            % {
                "amount": money(refund.amount, refund.currency),
                "order": refund.invoice.order.number,
                "reason": refund.reason,
                "proposal": proposal.why,
            },
            button=_("Settle it"),
            action=reverse("admin:payments_refund_settle", args=[refund.pk]),
            back=back,
        )

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Refund], act: Callable[[Refund], str]
    ) -> None:
        if too_many(self, request, queryset, MOST_AT_ONCE):
            return
        report = Report()
        for refund in queryset:
            report.add(messages.INFO, act(refund), refund)
        report.tell(self, request)


def _proposal(refund: Refund) -> RefundSuggestion:
    if refund.status != RefundStatus.UNKNOWN:
        return RefundSuggestion(None, str(_("Its outcome is not unknown.")))
    return suggest_refund_outcome(refund)


def _as_proposed(proposal: RefundSuggestion) -> SettleForm:
    """Return the form as the reports would fill it in; the reason is the person's own."""
    went_back = {True: "yes", False: "no", None: ""}[proposal.went_back]
    return SettleForm(initial={"went_back": went_back, "ers_reference": proposal.ers_reference})


def _send_on_commit(refund_id: int) -> None:
    transaction.on_commit(partial(tasks.enqueue, tasks.send_refund, refund_id))
