from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from orders.audit_export import csv_lines
from orders.models import AuditEvent, Order, SubjectType
from seqrshop.backoffice.formatting import NOTHING, when
from seqrshop.backoffice.history import line_of
from seqrshop.backoffice.readonly import ReadOnlyAdmin
from seqrshop.backoffice.search import orders_found

# Excel takes a file without it for the letters of Windows, and spoils every å, ä and ö.
UTF8_MARK = "\ufeff"


@admin.register(AuditEvent)
class EventAdmin(ReadOnlyAdmin[AuditEvent]):
    """The audit: every change, call and decision, newest first, to be read and exported."""

    list_display = ("moment", "order_link", "what", "event", "move", "by", "told")
    list_display_links = None
    list_filter = ("subject_type", "at")
    list_select_related = ("order", "actor")
    ordering = ("-id",)
    search_fields = ("subject",)
    search_help_text = _(
        "Order number, invoice reference, payment reference, phone number or reference of a call, "
        "whole."
    )
    show_full_result_count = False  # counting it all would take long, and tells nothing
    sortable_by = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        """Find by what people know of an order, or by what SEQR's support knows of a call."""
        term = search_term.strip()
        if not term:
            return queryset, False
        orders = list(Order.objects.filter(orders_found(term)).values_list("pk", flat=True))
        return queryset.filter(
            Q(order__in=orders) | Q(subject_type=SubjectType.CALL, subject=term)
        ), False

    def get_urls(self) -> list[URLPattern]:
        """Add the export."""
        export = self.admin_site.admin_view(self.export)
        return [path("export/", export, name="orders_auditevent_export"), *super().get_urls()]

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the events that the list shows for this query, as a CSV file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            events = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:orders_auditevent_changelist"))
        return StreamingHttpResponse(
            _with_mark(events),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="audit-{timezone.localdate()}.csv"'
            },
        )

    @admin.display(description=_("time"))
    def moment(self, event: AuditEvent) -> str:
        """When it was written."""
        return when(event.at, to_the_second=True)

    @admin.display(description=_("order"))
    def order_link(self, event: AuditEvent) -> str:
        """The order, linked to its page."""
        if event.order is None:
            return NOTHING
        page = reverse("admin:orders_order_change", args=[event.order_id])
        return format_html('<a href="{}">{}</a>', page, event.order.number)

    @admin.display(description=_("which"))
    def what(self, event: AuditEvent) -> str:
        """What it is about. The long reference of a call may be broken in the middle."""
        half = len(event.subject) // 2 if event.subject_type == SubjectType.CALL else 0
        label = SubjectType(event.subject_type).label
        return format_html("{} {}<wbr>{}", label, event.subject[:half], event.subject[half:])

    @admin.display(description=_("event"))
    def event(self, event: AuditEvent) -> str:
        """What happened."""
        return line_of(event).name

    @admin.display(description=_("state"))
    def move(self, event: AuditEvent) -> str:
        """The state before and the state after."""
        line = line_of(event)
        return (
            f"{line.from_state} → {line.to_state}".strip()
            if line.from_state or line.to_state
            else NOTHING
        )

    @admin.display(description=_("by"))
    def by(self, event: AuditEvent) -> str:
        """What brought it about, and who."""
        source = line_of(event).source
        return f"{source} ({event.actor.get_username()})" if event.actor else source

    @admin.display(description=_("detail"))
    def told(self, event: AuditEvent) -> str:
        """Why, or what SEQR answered."""
        return line_of(event).detail


def _with_mark(events: QuerySet[AuditEvent]) -> Any:
    yield UTF8_MARK
    yield from csv_lines(events)
