"""Refunds: approved, withdrawn and resolved; `refund_page.py` requests them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from orders.audit import by_staff
from orders.models import SubjectType
from payments.exports.payment_tables import REFUNDS
from payments.models import (
    UNSENT_REFUND_STATUSES,
    Refund,
    RefundStatus,
)
from payments.reconciliation.refund_suggestion import RefundSuggestion, suggest_refund_outcome
from payments.refunds.hold import open_hold, refunds_are_held
from payments.refunds.refund import (
    APPROVE_PERMISSION,
    RefundNotAccepted,
    resolve_unknown_refund,
)
from payments.refunds.second_person import NEEDS_ANOTHER_RESOLVER, needs_another_resolver
from seqrshop.backoffice.action_results import only_row
from seqrshop.backoffice.approvals import approvals_page
from seqrshop.backoffice.bulk.choose import run_bulk_action
from seqrshop.backoffice.bulk.of_orders import (
    APPROVE_REFUNDS,
    DECLINE_REFUNDS,
    MARK_POSSIBLY_MADE,
    WITHDRAW_REFUNDS,
)
from seqrshop.backoffice.columns import AgeColumn, AmountColumn, InvoiceColumn, StatusColumn
from seqrshop.backoffice.exports.lists import ExportedList
from seqrshop.backoffice.form_page import form_page
from seqrshop.backoffice.formatting import EMPTY_VALUE, money
from seqrshop.backoffice.forms import RefundOutcomeForm
from seqrshop.backoffice.history import HistoryAdmin
from seqrshop.backoffice.links import admin_url, link, page_url
from seqrshop.backoffice.order_slip import rows_text
from seqrshop.backoffice.permissions import permission_check
from seqrshop.backoffice.refund_page import REFUND_WAITS
from seqrshop.backoffice.shop_scope import has_all_shops, own_rows

OUTCOME_KNOWN = _("The outcome is already known.")


@admin.register(Refund)
class RefundAdmin(
    AmountColumn, StatusColumn, AgeColumn, InvoiceColumn, ExportedList[Refund], HistoryAdmin[Refund]
):
    """Refunds: made, possibly made, or waiting for approval."""

    exported_table = REFUNDS
    subject_type = SubjectType.REFUND
    statuses = RefundStatus
    list_display = (
        "__str__",
        "order_link",
        "amount_with_currency",
        "status_pill",
        "why",
        "requested_by",
        "age",
    )
    list_filter = ("status", "created_at")
    time_field = "created_at"
    list_select_related = ("invoice__order", "requested_by")
    fields = (
        "invoice_link",
        "amount_with_currency",
        "status",
        "hold",
        "hold_without_link",
        "refunded_rows",
        "why",
        "requested_by",
        "approval_reason",
        "approved_by",
        "withdrawal_reason",
        "created_at",
        "sent_at",
        "ers_reference",
        "refunded_at",
        "resolved_by",
        "resolution_reason",
    )
    readonly_fields = (
        "invoice_link",
        "amount_with_currency",
        "hold",
        "hold_without_link",
        "refunded_rows",
        "why",
    )
    actions = ("approve", "decline", "withdraw", "possibly_made", "resolve")

    has_approve_permission = permission_check(APPROVE_PERMISSION)
    has_request_permission = permission_check("payments.request_refund")
    has_resolve_permission = permission_check("payments.resolve_unknown_refund")

    def get_urls(self) -> list[URLPattern]:
        """Add the list of refunds that wait for approval, and the page to record an outcome."""
        wrap = self.admin_site.admin_view
        resolve = wrap(self.resolve_page)
        return [
            path("approvals/", wrap(approvals_page), name="payments_refund_approvals"),
            path("<int:refund_id>/resolve/", resolve, name="payments_refund_resolve"),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: Refund | None = None) -> list[Any]:
        """Leave out the hold and the reasons that this refund does not have."""
        waits = obj is not None and obj.status in UNSENT_REFUND_STATUSES and refunds_are_held()
        is_missing = {
            "hold": not (waits and has_all_shops(request)),
            "hold_without_link": not waits or has_all_shops(request),
            "refunded_rows": obj is None or not obj.rows.exists(),
            "approval_reason": obj is None or not obj.approval_reason,
            "withdrawal_reason": obj is None or not obj.withdrawal_reason,
        }
        return [name for name in self.fields if not is_missing.get(name)]

    def row_actions(self, refund: Refund) -> tuple[str, ...]:
        """Return the actions for a refund in this status."""
        on_hold = ("possibly_made",) if refunds_are_held() else ()
        return {
            RefundStatus.REQUESTED: ("approve", "decline", "withdraw", *on_hold),
            RefundStatus.CREATED: ("withdraw", *on_hold),
            RefundStatus.UNKNOWN: ("resolve",),
        }.get(RefundStatus(refund.status), ())

    @admin.display(description=_("on hold"))
    def hold(self, refund: Refund) -> str:
        """Return the case of the hold, linked to its page."""
        hold = open_hold()
        return EMPTY_VALUE if hold is None else link(hold.case)

    @admin.display(description=_("on hold"))
    def hold_without_link(self, refund: Refund) -> str:
        """Return that the refund waits, for those who cannot see the case of the hold."""
        return str(REFUND_WAITS)

    @admin.display(description=_("reason"))
    def why(self, refund: Refund) -> str:
        """Return the reason, in the language of the staff."""
        return refund.reason_text

    @admin.display(description=_("items"))
    def refunded_rows(self, refund: Refund) -> str:
        """Return the units that the refund pays back."""
        return rows_text(refund)

    @admin.display(description=_("order"))
    def order_link(self, refund: Refund) -> str:
        """Return the order's number, linked to its page."""
        return link(refund.invoice.order, refund.invoice.order.number)

    @admin.action(description=_("Approve"), permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Refund]) -> HttpResponse | None:
        """Approve each chosen refund, and send it."""
        return run_bulk_action(self, request, queryset, APPROVE_REFUNDS)

    @admin.action(description=_("Decline"), permissions=["approve"])
    def decline(self, request: HttpRequest, queryset: QuerySet[Refund]) -> HttpResponse | None:
        """Decline each chosen refund that awaits approval."""
        return run_bulk_action(self, request, queryset, DECLINE_REFUNDS)

    @admin.action(description=_("Withdraw"), permissions=["request"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Refund]) -> HttpResponse | None:
        """Withdraw each chosen refund that has not been sent."""
        return run_bulk_action(self, request, queryset, WITHDRAW_REFUNDS)

    @admin.action(description=_("Possibly made"), permissions=["resolve"])
    def possibly_made(
        self, request: HttpRequest, queryset: QuerySet[Refund]
    ) -> HttpResponse | None:
        """Ask for confirmation, then mark each chosen refund on hold as possibly made by SEQR."""
        return run_bulk_action(self, request, queryset, MARK_POSSIBLY_MADE)

    @admin.action(description=_("Record the outcome"), permissions=["resolve"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Refund]) -> HttpResponse | None:
        """Show the page on which the outcome of an unknown refund is recorded."""
        refund = only_row(self, request, queryset)
        return None if refund is None else self.resolve_page(request, refund.pk)

    def resolve_page(self, request: HttpRequest, refund_id: int) -> HttpResponse:
        """Ask for the outcome of an unknown refund, and record it."""
        if not self.has_resolve_permission(request):
            raise PermissionDenied
        refunds = own_rows(request, Refund.objects.select_related("invoice__order"))
        refund = get_object_or_404(refunds, pk=refund_id)
        if needs_another_resolver(refund, request.user):
            self.message_user(request, NEEDS_ANOTHER_RESOLVER, messages.ERROR)
            return HttpResponseRedirect(page_url(refund))
        suggestion = _suggestion(refund)
        if "reason" in request.POST:
            form = RefundOutcomeForm(request.POST)
            if form.is_valid():
                self._resolve(request, refund, form)
                return HttpResponseRedirect(page_url(refund))
        else:
            form = _suggested_form(suggestion)
        return form_page(
            request,
            refund,
            form,
            title=_("Record the outcome of a refund"),
            explanation=_(
                "%(amount)s of order %(order)s, reason: %(reason)s. %(suggestion)s You decide; "
                "the refund is never sent again automatically."
            )
            % {
                "amount": money(refund.amount, refund.currency),
                "order": refund.invoice.order.number,
                "reason": refund.reason_text,
                "suggestion": suggestion.reason,
            },
            button=_("Save"),
            action_url=admin_url(Refund, "resolve", refund.pk),
        )

    def _resolve(self, request: HttpRequest, refund: Refund, form: RefundOutcomeForm) -> None:
        """Record the outcome in a valid form, and show whether that was possible."""
        try:
            if resolve_unknown_refund(refund.pk, by_staff(request.user), **form.cleaned_data):
                self.message_user(request, _("The outcome is recorded."))
            else:
                self.message_user(request, OUTCOME_KNOWN, messages.ERROR)
        except RefundNotAccepted as error:
            self.message_user(request, str(error), messages.ERROR)


def _suggestion(refund: Refund) -> RefundSuggestion:
    if refund.status != RefundStatus.UNKNOWN:
        return RefundSuggestion(None, str(OUTCOME_KNOWN))
    return suggest_refund_outcome(refund)


def _suggested_form(suggestion: RefundSuggestion) -> RefundOutcomeForm:
    """Return the form with the outcome that SEQR's reports suggest; the reason is left empty."""
    was_refunded = {True: "yes", False: "no", None: ""}[suggestion.was_refunded]
    return RefundOutcomeForm(
        initial={"was_refunded": was_refunded, "ers_reference": suggestion.ers_reference}
    )
