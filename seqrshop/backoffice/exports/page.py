"""The page where an export is chosen: what, of which days and shops, in which format."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from orders.audit import by_staff
from orders.models import Shop
from payments.exports.account_plans import AccountPlanHole
from payments.exports.export import today
from payments.exports.problem import ExportProblem
from payments.exports.selection import Selection
from payments.models import AccountPlan, ExportDelivery, ExportedContent, FileFormat
from seqrshop.backoffice.exports.lists import EXPORT_PERMISSION
from seqrshop.backoffice.exports.responses import selection_response
from seqrshop.backoffice.links import list_url
from seqrshop.backoffice.permissions import require_permission
from seqrshop.backoffice.shop_scope import has_all_shops, own_rows

SHOWN_FAILURES = 5
EXPLANATIONS = {
    ExportedContent.ORDERS: _("Every order of the days, paid or not."),
    ExportedContent.ROWS: _("The products, options and tips of these orders."),
    ExportedContent.PAYMENTS: _("What was paid on the days."),
    ExportedContent.REFUNDS: _("What was refunded on the days."),
    ExportedContent.RECEIPTS: _("Every receipt with its VAT: the books themselves."),
    ExportedContent.CASES: _("Cases that were opened on the days."),
    ExportedContent.VAT: _("What was sold, refunded and tipped, for each day, shop and VAT rate."),
    ExportedContent.SIE: _("One voucher for each day and shop, for an accounting program."),
}


class ExportForm(forms.Form):
    """What to export. The days of last month and all shops of the person are proposed."""

    content = forms.ChoiceField(
        label=_("What"),
        choices=ExportedContent.choices,
        initial=ExportedContent.RECEIPTS,
        widget=forms.RadioSelect,
    )
    first = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    shops = forms.ModelMultipleChoiceField(
        label=_("Shops"),
        queryset=Shop.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose a shop.")},
    )
    file_format = forms.ChoiceField(
        label=_("Format"),
        choices=FileFormat.choices,
        initial=FileFormat.EXCEL,
        widget=forms.RadioSelect,
        help_text=_("Vouchers always have the format of SIE."),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shops: Any = self.fields["shops"]
        shops.queryset = own_rows(request, Shop.objects.all())
        first, last = _last_month(today())
        self.initial = {"first": first, "last": last, "shops": list(shops.queryset)}

    def clean(self) -> dict[str, Any]:
        """Refuse days that cannot be exported, beside the last of them."""
        given = super().clean() or {}
        if not self.errors:
            try:
                self.selection().require_sane(today())
            except ExportProblem as problem:
                self.add_error("last", str(problem.sentence))
        return given

    def selection(self) -> Selection:
        """Return what was chosen."""
        given = self.cleaned_data
        return Selection(
            ExportedContent(given["content"]),
            FileFormat(given["file_format"]),
            given["first"],
            given["last"],
            frozenset(shop.pk for shop in given["shops"]),
        )


def exports_page(request: HttpRequest) -> HttpResponseBase:
    """Show the form, or answer with the file that was chosen."""
    require_permission(request, EXPORT_PERMISSION)
    form = ExportForm(request, request.POST or None)
    plan_url = ""
    if form.is_valid():
        try:
            return selection_response(form.selection(), by_staff(request.user))
        except AccountPlanHole as problem:
            form.add_error(None, str(problem.sentence))
            plan_url = list_url(AccountPlan)
        except ExportProblem as problem:
            form.add_error(None, str(problem.sentence))
    context = {
        **admin.site.each_context(request),
        "title": _("Exports"),
        "form": form,
        "contents": [
            (choice, EXPLANATIONS[ExportedContent(choice.data["value"])])
            for choice in form["content"]
        ],
        "days": (form["first"], form["last"]),
        "choices": (form["shops"], form["file_format"]),
        "plan_url": plan_url if has_all_shops(request) else "",
        "failures": _failures(request),
    }
    return TemplateResponse(request, "staff/exports.html", context)


def _failures(request: HttpRequest) -> list[ExportDelivery]:
    """Return the scheduled exports that fail, the oldest first."""
    failing = own_rows(request, ExportDelivery.objects.exclude(last_error=""))
    return list(failing.select_related("schedule").order_by("pk")[:SHOWN_FAILURES])


def _last_month(day: date) -> tuple[date, date]:
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last
