"""Transaction periods: SEQR's report of each day, and the rows without a match in our books."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.audit import by_staff
from orders.models import SubjectType
from payments import tasks
from payments.models import EXPLAINED, MARK_KNOWN, PeriodRow, PeriodStatus, TransactionPeriod
from payments.reconciliation.periods import PeriodNotAccepted, resolve_lost_period
from payments.seqr import SeqrError
from seqrshop.backoffice.action_results import only_row, seqr_failure
from seqrshop.backoffice.bulk.choose import run_bulk_action
from seqrshop.backoffice.bulk.of_technical import FETCH_REPORTS
from seqrshop.backoffice.columns import StatusColumn, invoice_link
from seqrshop.backoffice.form_page import form_page
from seqrshop.backoffice.forms import LostPeriodForm
from seqrshop.backoffice.history import HistoryAdmin
from seqrshop.backoffice.large_lists import LargeListAdmin
from seqrshop.backoffice.links import admin_url, link, list_url, page_url
from seqrshop.backoffice.permissions import permission_check
from seqrshop.backoffice.read_only import ReadOnlyInline
from seqrshop.backoffice.scoped_admin import OwnRowsFilter
from seqrshop.backoffice.shop_scope import own_rows


class PeriodRowColumns:
    """The amount of a row in SEQR's report, and its match in our books."""

    @admin.display(description=_("amount"), ordering="amount")
    def amount_in_report(self, row: PeriodRow) -> str:
        """Return the amount; the report names no currency."""
        return number_format(row.amount, 2)

    @admin.display(description=_("in our books"))
    def in_our_books(self, row: PeriodRow) -> str:
        """Return our payment or refund, linked to its page."""
        return link(row.refund) if row.invoice is None else invoice_link(row.invoice)


class UnexplainedRowInline(PeriodRowColumns, ReadOnlyInline[PeriodRow, TransactionPeriod]):
    """The rows that need a person's attention."""

    model = PeriodRow
    verbose_name_plural = _("unexplained rows")
    fields = (
        "match_result",
        "amount_in_report",
        "ers_reference",
        "terminal_id",
        "cashier_id",
        "in_our_books",
    )
    readonly_fields = ("amount_in_report", "in_our_books")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodRow]:
        """Leave out explained rows."""
        rows = super().get_queryset(request).exclude(match_result__in=EXPLAINED)
        return rows.select_related("invoice__order", "refund")


@admin.register(PeriodRow)
class PeriodRowAdmin(PeriodRowColumns, LargeListAdmin[PeriodRow]):
    """All rows of SEQR's reports, the explained ones too."""

    list_display = (
        "__str__",
        "period",
        "match_result",
        "amount_in_report",
        "cashier_id",
        "in_our_books",
    )
    list_filter = ("match_result",)
    ordering = ("period_id", "position", "pk")
    indexed_fields = ("period_id", "position")
    list_select_related = ("period", "invoice__order", "refund")
    linked_by = ("period",)
    search_fields = ("ers_reference__exact",)
    search_help_text = _("The full payment reference.")
    fields = (
        "period",
        "position",
        "match_result",
        "amount_in_report",
        "ers_reference",
        "terminal_id",
        "cashier_id",
        "in_our_books",
    )
    readonly_fields = ("amount_in_report", "in_our_books")


@admin.register(TransactionPeriod)
class TransactionPeriodAdmin(StatusColumn, HistoryAdmin[TransactionPeriod]):
    """Transaction periods: closed each night, and reconciled with our books."""

    subject_type = SubjectType.PERIOD
    statuses = PeriodStatus
    list_display = (
        "day",
        "terminal",
        "status_pill",
        "unexplained",
        "fetched_at",
        "transaction_period_id",
    )
    list_filter = ("status", ("terminal", OwnRowsFilter))
    list_select_related = ("terminal",)
    date_hierarchy = "day"
    fields = (
        "day",
        "terminal",
        "status",
        "since",
        "marking_started_at",
        "marking_ended_at",
        "transaction_period_id",
        "fetched_at",
        "all_rows",
    )
    readonly_fields = ("all_rows",)
    inlines = (UnexplainedRowInline,)
    actions = ("fetch_again", "resolve")

    has_reconcile_permission = permission_check("payments.reconcile_transactionperiod")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TransactionPeriod]:
        """Count the unexplained rows of each period."""
        unexplained = PeriodRow.objects.filter(period=OuterRef("pk")).exclude(
            match_result__in=EXPLAINED
        )
        counts = unexplained.order_by().values("period").annotate(count=Count("pk"))
        count = Subquery(counts.values("count"), output_field=IntegerField())
        return super().get_queryset(request).annotate(unexplained_count=Coalesce(count, 0))

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which a lost period is resolved."""
        resolve = self.admin_site.admin_view(self.resolve_page)
        name = "payments_transactionperiod_resolve"
        return [path("<int:period_id>/resolve/", resolve, name=name), *super().get_urls()]

    def row_actions(self, period: TransactionPeriod) -> tuple[str, ...]:
        """Return the actions for a period in this status."""
        if period.status == PeriodStatus.LOST:
            return ("resolve",)
        return ("fetch_again",) if period.status in MARK_KNOWN else ()

    @admin.display(description=_("unexplained"), ordering="unexplained_count")
    def unexplained(self, period: Any) -> int:
        """Return the number of rows that need a person's attention."""
        return int(period.unexplained_count)

    @admin.display(description=_("rows"))
    def all_rows(self, period: TransactionPeriod) -> str:
        """Return the number of rows, linked to their list."""
        number = period.rows.count()
        return format_html(
            '<a href="{}">{}</a>',
            list_url(PeriodRow, period__id__exact=period.pk),
            ngettext("%(n)d row", "%(n)d rows", number) % {"n": number},
        )

    @admin.action(description=_("Fetch the report again"), permissions=["reconcile"])
    def fetch_again(
        self, request: HttpRequest, queryset: QuerySet[TransactionPeriod]
    ) -> HttpResponse | None:
        """Let a worker fetch the report of each chosen period now, and reconcile it."""
        return run_bulk_action(self, request, queryset, FETCH_REPORTS)

    @admin.action(description=_("Record the outcome"), permissions=["reconcile"])
    def resolve(
        self, request: HttpRequest, queryset: QuerySet[TransactionPeriod]
    ) -> HttpResponse | None:
        """Show the page on which a lost period is resolved."""
        period = only_row(self, request, queryset)
        return None if period is None else self.resolve_page(request, period.pk)

    def resolve_page(self, request: HttpRequest, period_id: int) -> HttpResponse:
        """Ask for the answer of SEQR's support about a lost period, and record it."""
        if not self.has_reconcile_permission(request):
            raise PermissionDenied
        periods = own_rows(request, TransactionPeriod.objects.all())
        period = get_object_or_404(periods, pk=period_id)
        form = LostPeriodForm(request.POST) if "reason" in request.POST else LostPeriodForm()
        if form.is_bound and form.is_valid() and self._resolve(request, period, form):
            return HttpResponseRedirect(page_url(period))
        return form_page(
            request,
            period,
            form,
            title=_("Record the outcome of a lost period"),
            explanation=_(
                "Ask SEQR's support whether SEQR closed a period of this terminal at that time. "
                "The report is then fetched within a minute."
            ),
            button=_("Save"),
            action_url=admin_url(TransactionPeriod, "resolve", period.pk),
        )

    def _resolve(
        self, request: HttpRequest, period: TransactionPeriod, form: LostPeriodForm
    ) -> bool:
        given = form.cleaned_data
        try:
            resolved = resolve_lost_period(
                period.pk,
                transaction_period_id=given["transaction_period_id"] if given["closed"] else "",
                reason=given["reason"],
                source=by_staff(request.user),
            )
        except PeriodNotAccepted as error:
            form.add_error(None, str(error))
            return False
        except SeqrError as error:
            form.add_error(None, f"{seqr_failure(error)[1]}.")
            return False
        if resolved:
            tasks.enqueue(tasks.advance_period, period.pk)
            self.message_user(request, _("The outcome is recorded."))
        else:
            self.message_user(request, _("The period is not lost."), messages.ERROR)
        return True
