"""Transaction periods: SEQR's report of each day, and what of it nobody has explained."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.audit import ChangeSource
from orders.models import SubjectType
from payments.models import EXPLAINED, MARK_KNOWN, PeriodRow, PeriodStatus, TransactionPeriod
from payments.reconciliation.fetch_report import fetch_report
from payments.reconciliation.periods import PeriodNotAccepted, resolve_lost_period
from payments.seqr import SeqrError, SeqrOutcomeUnknown, SeqrUnavailable
from seqrshop.backoffice.action_results import Report, too_many
from seqrshop.backoffice.form_page import form_page
from seqrshop.backoffice.formatting import NOTHING
from seqrshop.backoffice.forms import LostPeriodForm
from seqrshop.backoffice.history import HistoryAdmin
from seqrshop.backoffice.readonly import ReadOnlyAdmin, ReadOnlyInline

MOST_AT_ONCE = 5


class RowColumns:
    """How a row of a report is shown."""

    @admin.display(description=_("amount"), ordering="amount")
    def sum(self, row: PeriodRow) -> str:
        """The amount; the report names no currency."""
        return number_format(row.amount, 2)

    @admin.display(description=_("in our books"))
    def ours(self, row: PeriodRow) -> str:
        """What it is in our books, linked to its page."""
        if row.invoice is not None:
            page = reverse("admin:payments_invoice_change", args=[row.invoice_id])
            return format_html('<a href="{}">{}</a>', page, row.invoice.client_invoice_id)
        if row.refund is not None:
            page = reverse("admin:payments_refund_change", args=[row.refund_id])
            return format_html('<a href="{}">{}</a>', page, row.refund)
        return NOTHING


class UnexplainedInline(RowColumns, ReadOnlyInline[PeriodRow, TransactionPeriod]):
    """The rows that somebody has to look at."""

    model = PeriodRow
    verbose_name_plural = _("rows that are not explained")
    fields = ("verdict", "sum", "ers_reference", "terminal_id", "cashier_id", "ours")
    readonly_fields = ("sum", "ours")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodRow]:
        """Leave out what is explained."""
        rows = super().get_queryset(request).exclude(verdict__in=EXPLAINED)
        return rows.select_related("invoice__order", "refund")


@admin.register(PeriodRow)
class PeriodRowAdmin(RowColumns, ReadOnlyAdmin[PeriodRow]):
    """All rows of the reports, the explained ones too."""

    list_display = ("__str__", "period", "verdict", "sum", "cashier_id", "ours")
    list_filter = ("verdict",)
    list_select_related = ("period", "invoice__order", "refund")
    search_fields = ("ers_reference__exact",)
    search_help_text = _("SEQR's reference, whole.")
    fields = (
        "period",
        "position",
        "verdict",
        "sum",
        "ers_reference",
        "terminal_id",
        "cashier_id",
        "ours",
    )
    readonly_fields = ("sum", "ours")


@admin.register(TransactionPeriod)
class TransactionPeriodAdmin(HistoryAdmin[TransactionPeriod]):
    """Periods: closed each night, their reports compared with our books."""

    subject_type = SubjectType.PERIOD
    list_display = ("day", "status", "unexplained", "fetched_at", "transaction_period_id")
    list_filter = ("status",)
    date_hierarchy = "day"
    fields = (
        "day",
        "status",
        "since",
        "marking_started_at",
        "marking_ended_at",
        "transaction_period_id",
        "fetched_at",
        "all_rows",
    )
    readonly_fields = ("all_rows",)
    inlines = (UnexplainedInline,)
    actions = ("fetch_again", "settle")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TransactionPeriod]:
        """Count the rows that nobody has explained."""
        unexplained = PeriodRow.objects.filter(period=OuterRef("pk")).exclude(verdict__in=EXPLAINED)
        numbers = unexplained.order_by().values("period").annotate(number=Count("pk"))
        number = Subquery(numbers.values("number"), output_field=IntegerField())
        return super().get_queryset(request).annotate(number_of_unexplained=Coalesce(number, 0))

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which a lost period is settled."""
        settle = self.admin_site.admin_view(self.settle_page)
        name = "payments_transactionperiod_settle"
        return [path("<int:period_id>/settle/", settle, name=name), *super().get_urls()]

    def detail_actions(self, period: TransactionPeriod) -> tuple[str, ...]:
        """Return what can be done with it as it stands."""
        if period.status == PeriodStatus.LOST:
            return ("settle",)
        return ("fetch_again",) if period.status in MARK_KNOWN else ()

    @admin.display(description=_("not explained"), ordering="number_of_unexplained")
    def unexplained(self, period: Any) -> int:
        """How many rows somebody has to look at."""
        return int(period.number_of_unexplained)

    @admin.display(description=_("rows"))
    def all_rows(self, period: TransactionPeriod) -> str:
        """How many there are, linked to all of them."""
        number = period.rows.count()
        page = reverse("admin:payments_periodrow_changelist")
        words = ngettext("%(n)d row", "%(n)d rows", number) % {"n": number}
        return format_html('<a href="{}?period__id__exact={}">{}</a>', page, period.pk, words)

    def has_reconcile_permission(self, request: HttpRequest) -> bool:
        """Whether this user may fetch a report again and settle a lost period."""
        return request.user.has_perm("payments.reconcile_transactionperiod")

    @admin.action(description=_("Fetch the report again"), permissions=["reconcile"])
    def fetch_again(self, request: HttpRequest, queryset: QuerySet[TransactionPeriod]) -> None:
        """Fetch each chosen period's report now, and compare it."""
        if too_many(self, request, queryset, MOST_AT_ONCE):
            return
        report = Report()
        for period in queryset:
            report.add(*_fetch(period, ChangeSource("staff", request.user)), period)
        report.tell(self, request)

    @admin.action(description=_("Settle"), permissions=["reconcile"])
    def settle(
        self, request: HttpRequest, queryset: QuerySet[TransactionPeriod]
    ) -> HttpResponse | None:
        """Show the page on which one lost period is settled."""
        if queryset.count() != 1:
            self.message_user(request, _("Settle one period at a time."), messages.ERROR)
            return None
        return self.settle_page(request, queryset.get().pk)

    def settle_page(self, request: HttpRequest, period_id: int) -> HttpResponse:
        """Ask what SEQR's support told of a lost period, and write it down."""
        if not self.has_reconcile_permission(request):
            raise PermissionDenied
        period = get_object_or_404(TransactionPeriod, pk=period_id)
        back = reverse("admin:payments_transactionperiod_change", args=[period.pk])
        form = LostPeriodForm(request.POST) if "reason" in request.POST else LostPeriodForm()
        if form.is_bound and form.is_valid() and self._settle(request, period, form):
            return HttpResponseRedirect(back)
        return form_page(
            request,
            period,
            form,
            title=_("Settle a lost period"),
            explain=_(
                "Ask SEQR's support whether it closed a period then. Its report is fetched at once."
            ),
            button=_("Settle it"),
            action=reverse("admin:payments_transactionperiod_settle", args=[period.pk]),
            back=back,
        )

    def _settle(
        self, request: HttpRequest, period: TransactionPeriod, form: LostPeriodForm
    ) -> bool:
        given = form.cleaned_data
        try:
            settled = resolve_lost_period(
                period.pk,
                transaction_period_id=given["transaction_period_id"] if given["closed"] else "",
                reason=given["reason"],
                actor=request.user,
            )
        except PeriodNotAccepted as error:
            form.add_error(None, str(error))
            return False
        except SeqrError as error:
            _level, words = _in_words(error)
            form.add_error(None, f"{words}.")
            return False
        if settled:
            self.message_user(request, _("Settled."))
        else:
            self.message_user(request, _("The period is not lost."), messages.ERROR)
        return True


def _fetch(period: TransactionPeriod, source: ChangeSource) -> tuple[int, str | Promise]:
    if period.status not in MARK_KNOWN:
        return messages.WARNING, _("SEQR has no report of it")
    try:
        fetch_report(period.pk, source, at_once=True)
    except SeqrError as error:
        return _in_words(error)
    return messages.SUCCESS, _("Fetched and compared")


def _in_words(error: SeqrError) -> tuple[int, str | Promise]:
    reason = {"error": str(error).rstrip(".")}
    if isinstance(error, SeqrUnavailable | SeqrOutcomeUnknown):
        return messages.ERROR, _("No answer from SEQR (%(error)s)") % reason
    return messages.ERROR, _("SEQR refused (%(error)s)") % reason
