from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from orders.audit import by_staff
from orders.models import SubjectType
from payments import tasks
from payments.availability.probe import schedule_probe
from payments.cases.guidance import GUIDANCE
from payments.cases.summaries import summary_of
from payments.exports.payment_tables import CASES
from payments.invoices.resolve_attention import resolve_case
from payments.models import (
    CAPTURED_STATUSES,
    UNRESOLVED_REFUND_STATUSES,
    UNSENT_REFUND_STATUSES,
    CaseKind,
    Invoice,
    MoneyCase,
    Refund,
    RefundStatus,
)
from payments.seqr import is_shortened
from seqrshop.backoffice.action_results import only_row
from seqrshop.backoffice.bulk.choose import run_bulk_action
from seqrshop.backoffice.bulk.of_orders import CHECK_PAYMENTS
from seqrshop.backoffice.bulk.of_technical import CHECK_PAUSES
from seqrshop.backoffice.case_actions import open_pause
from seqrshop.backoffice.case_help import CaseHelp, amounts_of, closing_effect, help_for
from seqrshop.backoffice.columns import InvoiceColumn, OrderColumn
from seqrshop.backoffice.exports.lists import ExportedList
from seqrshop.backoffice.formatting import EMPTY_VALUE, local_time
from seqrshop.backoffice.history import HistoryAdmin
from seqrshop.backoffice.invoice_actions import can_be_checked
from seqrshop.backoffice.links import admin_url, link, list_url
from seqrshop.backoffice.permissions import permission_check
from seqrshop.backoffice.refund_page import refund_page
from seqrshop.backoffice.state_pills import word_pill
from seqrshop.backoffice.waiting import open_cases


class StatusFilter(admin.SimpleListFilter):
    """Open or closed cases."""

    title = _("status")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer both."""
        return [("yes", _("Open")), ("no", _("Closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MoneyCase]) -> QuerySet[MoneyCase]:
        """Keep the cases with the chosen status."""
        if self.value() is None:
            return queryset
        return queryset.filter(closed_at__isnull=self.value() == "yes")


class CloseCaseForm(ModelForm[MoneyCase]):
    """The reason for closing a case."""

    closing_reason = forms.CharField(
        label=_("Reason for closing"),
        max_length=300,
        widget=forms.TextInput(attrs={"size": 80}),
        help_text=_("Your findings and what you did. Kept in the history."),
    )

    class Meta:
        model = MoneyCase
        fields = ("closing_reason",)


@admin.register(MoneyCase)
class MoneyCaseAdmin(OrderColumn, InvoiceColumn, ExportedList[MoneyCase], HistoryAdmin[MoneyCase]):
    """Payment cases: the problem, the guidance, who closed it and why."""

    exported_table = CASES
    subject_type = SubjectType.CASE
    change_form_template = "admin/payments/moneycase/change_form.html"
    list_display = (
        "__str__",
        "status_pill",
        "order_link",
        "what_happened",
        "opened_at",
        "closed_by",
    )
    list_filter = (StatusFilter, "kind", "opened_at")
    list_select_related = (
        "order",
        "closed_by",
        "invoice__order",
        "refund",
        "period",
        "terminal",
    )
    date_hierarchy = "opened_at"
    time_field = "opened_at"
    form = CloseCaseForm
    fields = (
        "order_link",
        "invoice_link",
        "period_link",
        "payment_pause",
        "held_refunds",
        "opened_at",
        "closed_at",
        "closed_by",
        "closing_reason",
    )
    readonly_fields = fields[:-1]
    actions = ("check_with_seqr", "refund", "resolve_unknown_refund", "check_payments")

    has_check_permission = permission_check("payments.check_invoice")
    has_refund_permission = permission_check("payments.request_refund")
    has_resolve_permission = permission_check("payments.resolve_unknown_refund")
    has_probe_permission = permission_check("payments.check_paymentpause")

    def empty_text(self, request: HttpRequest) -> str:
        """Return that all is well where no case is open, instead of that none matches."""
        is_about_open_cases = request.GET.get("open") == "yes" and not request.GET.get("q")
        if is_about_open_cases and not open_cases(request).exists():
            return gettext("All payments are in order.")
        return super().empty_text(request)

    def get_fields(self, request: HttpRequest, obj: MoneyCase | None = None) -> list[Any]:
        """Leave out the fields that are empty for this case."""
        if obj is None:
            return list(self.fields)
        is_empty = {
            "order_link": obj.order_id is None,
            "invoice_link": obj.invoice_id is None,
            "period_link": obj.period_id is None,
            "payment_pause": open_pause(obj) is None,
            "held_refunds": obj.kind != CaseKind.REFUNDS_HELD,
            "closed_at": obj.closed_at is None,
            "closed_by": obj.closed_by_id is None,
        }
        return [name for name in self.fields if not is_empty.get(name)]

    def has_change_permission(self, request: HttpRequest, obj: MoneyCase | None = None) -> bool:
        """Allow closing an open case of the person's shops to those who may."""
        may = request.user.has_perm("payments.close_moneycase") and self.is_own(request, obj)
        if obj is not None and obj.kind == CaseKind.REFUNDS_HELD:  # closing it sends refunds
            may = may and request.user.has_perm("payments.resolve_unknown_refund")
        return may and obj is not None and obj.closed_at is None

    def save_model(
        self, request: HttpRequest, obj: MoneyCase, form: ModelForm[MoneyCase], change: bool
    ) -> None:
        """Close the case, which is the only change; this may resume its order."""
        reason = form.cleaned_data["closing_reason"]
        schedule_probe(obj.pk)
        if not resolve_case(obj.pk, by_staff(request.user), reason):
            messages.warning(request, _("Somebody else has already closed this case."))
        elif obj.invoice_id is not None:
            transaction.on_commit(partial(tasks.enqueue, tasks.finish_cancel, obj.invoice_id))

    def row_actions(self, case: MoneyCase) -> tuple[str, ...]:
        """Return the actions that help with this case, given its payment and its refund."""
        if case.closed_at is not None:
            return ()
        invoice, refund = case.invoice, case.refund
        is_paid = invoice is not None and invoice.status in CAPTURED_STATUSES
        is_known_to_seqr = invoice is not None and not is_shortened(invoice.ers_reference or "")
        is_unresolved = refund is not None and refund.status in UNRESOLVED_REFUND_STATUSES
        helpful = {
            "check_with_seqr": (
                invoice is not None and can_be_checked(invoice) and not is_unresolved
            ),
            # Else it might be refunded twice: by this shop, or by SEQR.
            "refund": (
                is_paid
                and is_known_to_seqr
                and not is_unresolved
                and case.kind != CaseKind.PAYMENT_UNCONFIRMED
            ),
            "resolve_unknown_refund": refund is not None and refund.status == RefundStatus.UNKNOWN,
            "check_payments": open_pause(case) is not None,
        }
        return tuple(action for action, helps in helpful.items() if helps)

    @admin.action(description=_("Check with SEQR"), permissions=["check"])
    def check_with_seqr(
        self, request: HttpRequest, queryset: QuerySet[MoneyCase]
    ) -> HttpResponse | None:
        """Check the payment of each chosen case with SEQR."""
        with_case = queryset.filter(invoice__isnull=False).order_by()
        payments = Invoice.objects.filter(pk__in=with_case.values("invoice"))
        return run_bulk_action(
            self, request, payments.select_related("order"), CHECK_PAYMENTS, chosen=queryset
        )

    @admin.action(description=_("Refund …"), permissions=["refund"])
    def refund(self, request: HttpRequest, queryset: QuerySet[MoneyCase]) -> HttpResponse | None:
        """Show the page on which the case's payment is refunded."""
        case = only_row(self, request, queryset.filter(invoice__isnull=False))
        if case is None or case.invoice_id is None:
            return None
        return refund_page(request, case.invoice_id)

    @admin.action(description=_("Record the outcome"), permissions=["resolve"])
    def resolve_unknown_refund(
        self, request: HttpRequest, queryset: QuerySet[MoneyCase]
    ) -> HttpResponse | None:
        """Show the page on which the outcome of the case's refund is recorded."""
        case = only_row(self, request, queryset.filter(refund__isnull=False))
        if case is None:
            return None
        return HttpResponseRedirect(admin_url(Refund, "resolve", case.refund_id))

    @admin.action(description=_("Check now"), permissions=["probe"])
    def check_payments(
        self, request: HttpRequest, queryset: QuerySet[MoneyCase]
    ) -> HttpResponse | None:
        """Check whether SEQR accepts our settings again, which resumes payments."""
        cases = queryset.prefetch_related("payment_pauses")
        return run_bulk_action(self, request, cases, CHECK_PAUSES)

    @admin.display(description=_("status"), ordering="closed_at")
    def status_pill(self, case: MoneyCase) -> str:
        """Return whether the case is open."""
        if case.closed_at is None:
            return word_pill("bad", gettext("open case"))
        return word_pill("muted", gettext("closed case"))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what happened, both amounts, and what helps."""
        case = context.get("original")
        if case is not None:
            allowed = self.get_actions(request)
            actions = tuple(name for name in self.row_actions(case) if name in allowed)
            context |= {
                "what_happened": summary_of(case),
                "guidance": GUIDANCE[CaseKind(case.kind)],
                "amounts": amounts_of(case),
                "help": help_for(request, case, actions) if case.closed_at is None else CaseHelp(),
                "closing_effect": closing_effect(case),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("what happened"))
    def what_happened(self, case: MoneyCase) -> str:
        """Return what the case is about, in the language of the staff."""
        return summary_of(case)

    @admin.display(description=_("payments"))
    def payment_pause(self, case: MoneyCase) -> str:
        """Return since when this case pauses payments, and the result of the last check."""
        pause = open_pause(case)
        if pause is None:
            return EMPTY_VALUE
        return _("paused since %(since)s; checked %(probes)d times, last error: %(reason)s") % {
            "since": local_time(pause.since),
            "probes": pause.probes,
            "reason": pause.reason,
        }

    @admin.display(description=_("refunds on hold"))
    def held_refunds(self, case: MoneyCase) -> str:
        """Return the lost time, and the number of unsent refunds, linked to their list."""
        waiting = Refund.objects.filter(status__in=UNSENT_REFUND_STATUSES).count()
        address = list_url(Refund, status__in=",".join(UNSENT_REFUND_STATUSES))
        times = {
            "since": local_time(case.refund_hold.lost_since),
            "until": local_time(case.refund_hold.lost_until),
        }
        lost = _("lost transactions from %(since)s to %(until)s") % times
        waiting_text = ngettext("%(n)d unsent refund", "%(n)d unsent refunds", waiting)
        return format_html('{}; <a href="{}">{}</a>', lost, address, waiting_text % {"n": waiting})

    @admin.display(description=_("transaction period"))
    def period_link(self, case: MoneyCase) -> str:
        """Return the period, linked to its page with the rows of SEQR's report."""
        return link(case.period)
