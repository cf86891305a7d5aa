from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from orders.models import SubjectType
from payments import tasks
from payments.availability.probe import Probe, probe_paying, probe_soon
from payments.cases.guidance import ADVICE
from payments.invoices.resolve_attention import close_case_of_order
from payments.invoices.status_query import status_query_for
from payments.models import (
    UNRESOLVED_REFUND_STATUSES,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    PaymentPause,
    RefundStatus,
)
from seqrshop.backoffice.action_results import Report, too_many
from seqrshop.backoffice.formatting import NOTHING, when
from seqrshop.backoffice.history import HistoryAdmin
from seqrshop.backoffice.invoice_actions import MOST_AT_ONCE, ask, each
from seqrshop.backoffice.refund import refund_invoice
from seqrshop.backoffice.typed import ModelForm

OUTCOMES = {
    Probe.OPENED: (messages.SUCCESS, _("SEQR accepts our settings, and paying is open again")),
    Probe.REFUSED: (messages.ERROR, _("SEQR still refuses our settings")),
    Probe.UNANSWERED: (messages.WARNING, _("SEQR gave no clear answer; it is tried again soon")),
    Probe.NOT_MADE: (messages.INFO, _("Paying is open, or a check is under way")),
}


class IsOpen(admin.SimpleListFilter):
    """Open cases first: they are what somebody has to look at."""

    title = _("open")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer both."""
        return [("yes", _("Open")), ("no", _("Closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MoneyCase]) -> QuerySet[MoneyCase]:
        """Keep what was chosen."""
        if self.value() is None:
            return queryset
        return queryset.filter(closed_at__isnull=self.value() == "yes")


class ClosingForm(ModelForm[MoneyCase]):
    """The reason that a case is closed with."""

    closing_reason = forms.CharField(
        label=_("Close this case because"),
        max_length=300,
        widget=forms.TextInput(attrs={"size": 80}),
        help_text=_("What was found and done. It stays in the history."),
    )

    class Meta:
        model = MoneyCase
        fields = ("closing_reason",)


@admin.register(MoneyCase)
class MoneyCaseAdmin(HistoryAdmin[MoneyCase]):
    """Cases: what happened, what to do, who closed it and why."""

    subject_type = SubjectType.CASE
    change_form_template = "admin/payments/moneycase/change_form.html"
    list_display = ("__str__", "order_number", "what", "opened_at", "closed_at", "closed_by")
    list_filter = (IsOpen, "kind", "opened_at")
    list_select_related = ("order", "closed_by")
    date_hierarchy = "opened_at"
    form = ClosingForm
    fields = (
        "kind",
        "what",
        "advice",
        "order_link",
        "invoice_link",
        "period_link",
        "paying",
        "opened_at",
        "closed_at",
        "closed_by",
        "closing_reason",
    )
    readonly_fields = fields[:-1]
    actions = ("ask_seqr", "give_money_back", "resolve_unknown_refund", "check_paying")

    def get_fields(self, request: HttpRequest, obj: MoneyCase | None = None) -> list[Any]:
        """Leave out what this case has nothing of."""
        if obj is None:
            return list(self.fields)
        has_nothing = {
            "order_link": obj.order_id is None,
            "invoice_link": obj.invoice_id is None,
            "period_link": obj.period_id is None,
            "paying": _open_stop(obj) is None,
            "closed_at": obj.closed_at is None,
            "closed_by": obj.closed_by_id is None,
        }
        return [name for name in self.fields if not has_nothing.get(name)]

    def has_change_permission(self, request: HttpRequest, obj: MoneyCase | None = None) -> bool:
        """An open case can be closed by those who may."""
        may = request.user.has_perm("payments.close_moneycase")
        return may and obj is not None and obj.closed_at is None

    def save_model(
        self, request: HttpRequest, obj: MoneyCase, form: ModelForm[MoneyCase], change: bool
    ) -> None:
        """Close the case, the only change there is; its order may go on by that."""
        reason = form.cleaned_data["closing_reason"]
        probe_soon(obj.pk)
        if not close_case_of_order(obj.pk, ChangeSource("staff", request.user), reason):
            messages.warning(request, _("Somebody else has closed this case meanwhile."))

    def detail_actions(self, case: MoneyCase) -> tuple[str, ...]:
        """Return what helps with a case of its kind, as its invoice and its refund stand."""
        if case.closed_at is not None:
            return ()
        invoice, refund = case.invoice, case.refund
        may_be_asked = invoice is not None and status_query_for(invoice) is not None
        is_paid = invoice is not None and invoice.status == InvoiceStatus.PAID
        is_unsettled = refund is not None and refund.status in UNRESOLVED_REFUND_STATUSES
        possible = {
            "ask_seqr": may_be_asked and not is_unsettled,
            "give_money_back": is_paid and not is_unsettled,  # it might go back twice
            "resolve_unknown_refund": refund is not None and refund.status == RefundStatus.UNKNOWN,
            "check_paying": _open_stop(case) is not None,
        }
        return tuple(action for action, makes_sense in possible.items() if makes_sense)

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Whether this user may ask SEQR."""
        return request.user.has_perm("payments.check_invoice")

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Whether this user may give money back."""
        return request.user.has_perm("payments.request_refund")

    def has_settle_permission(self, request: HttpRequest) -> bool:
        """Whether this user may say what became of an unknown refund."""
        return request.user.has_perm("payments.resolve_unknown_refund")

    @admin.action(description=_("Ask SEQR now"), permissions=["ask"])
    def ask_seqr(self, request: HttpRequest, queryset: QuerySet[MoneyCase]) -> None:
        """Ask SEQR about the invoice of each chosen case, and say what it answered."""
        invoices = Invoice.objects.filter(cases__in=queryset).distinct().select_related("order")
        if not too_many(self, request, queryset, MOST_AT_ONCE):
            act = partial(ask, source=ChangeSource("staff", request.user))
            each(invoices, act).tell(self, request)

    @admin.action(description=_("Give money back"), permissions=["refund"])
    def give_money_back(
        self, request: HttpRequest, queryset: QuerySet[MoneyCase]
    ) -> HttpResponse | None:
        """Show the page on which a refund of the case's invoice is asked for."""
        invoice_id = self._only(request, queryset, "invoice_id")
        return None if invoice_id is None else refund_invoice(request, invoice_id)

    @admin.action(description=_("Settle the refund"), permissions=["settle"])
    def resolve_unknown_refund(
        self, request: HttpRequest, queryset: QuerySet[MoneyCase]
    ) -> HttpResponse | None:
        """Show the page on which the case's refund is settled."""
        refund_id = self._only(request, queryset, "refund_id")
        if refund_id is None:
            return None
        return HttpResponseRedirect(reverse("admin:payments_refund_settle", args=[refund_id]))

    def _only(self, request: HttpRequest, queryset: QuerySet[MoneyCase], field: str) -> int | None:
        """Return what the only chosen case is about; None, and a word, where that is not one."""
        ids: list[int | None] = list(queryset.values_list(field, flat=True))
        if len(ids) == 1 and ids[0] is not None:
            return ids[0]
        self.message_user(request, _("Choose one case at a time."), messages.ERROR)
        return None

    def has_check_permission(self, request: HttpRequest) -> bool:
        """Whether this user may have SEQR tried."""
        return request.user.has_perm("payments.check_paymentpause")

    @admin.action(description=_("Check now"), permissions=["check"])
    def check_paying(self, request: HttpRequest, queryset: QuerySet[MoneyCase]) -> None:
        """Try whether SEQR accepts our settings again, and say what came of it."""
        report = Report()
        for case in queryset:
            stop = _open_stop(case)
            if stop is None:
                report.add(messages.INFO, _("Paying is not closed by it"), case)
                continue
            probe = probe_paying(stop.pk, ChangeSource("staff", request.user), at_once=True)
            if probe == Probe.OPENED:
                tasks.enqueue(tasks.sweep)
            report.add(*OUTCOMES[probe], case)
        report.tell(self, request)

    @admin.display(description=_("paying"))
    def paying(self, case: MoneyCase) -> str:
        """Whether paying is closed by this case, and how the probes stand."""
        stop = _open_stop(case)
        if stop is None:
            return NOTHING
        return _("closed since %(since)s; checked %(probes)d times, last refusal: %(reason)s") % {
            "since": when(stop.since),
            "probes": stop.probes,
            "reason": stop.reason,
        }

    @admin.display(description=_("what to do"))
    def advice(self, case: MoneyCase) -> str:
        """What a person does about it."""
        return str(ADVICE[CaseKind(case.kind)])

    @admin.display(description=_("order"), ordering="order")
    def order_number(self, case: MoneyCase) -> str:
        """The order's number."""
        return case.order.number if case.order else NOTHING

    @admin.display(description=_("order"))
    def order_link(self, case: MoneyCase) -> str:
        """The order, linked to its page."""
        if case.order is None:
            return NOTHING
        page = reverse("admin:orders_order_change", args=[case.order_id])
        return format_html('<a href="{}">{}</a>', page, case.order.number)

    @admin.display(description=_("invoice"))
    def invoice_link(self, case: MoneyCase) -> str:
        """The invoice, linked to its page, where SEQR can be asked."""
        if case.invoice is None:
            return NOTHING
        page = reverse("admin:payments_invoice_change", args=[case.invoice_id])
        return format_html('<a href="{}">{}</a>', page, case.invoice.client_invoice_id)

    @admin.display(description=_("transaction period"))
    def period_link(self, case: MoneyCase) -> str:
        """The period, linked to its page with the rows of the report."""
        if case.period is None:
            return NOTHING
        page = reverse("admin:payments_transactionperiod_change", args=[case.period_id])
        return format_html('<a href="{}">{}</a>', page, case.period)


def _open_stop(case: MoneyCase) -> PaymentPause | None:
    return case.paying_stops.filter(ended_at=None).first()
