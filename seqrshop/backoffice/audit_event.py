from __future__ import annotations

from collections.abc import Iterator
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
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from orders.audit_export import csv_lines
from orders.models import AuditEvent, Order, SubjectType
from seqrshop.backoffice.columns import OrderColumn
from seqrshop.backoffice.events_by_order import EventsByOrder
from seqrshop.backoffice.formatting import EMPTY_VALUE, local_time
from seqrshop.backoffice.history import history_line
from seqrshop.backoffice.large_lists import LargeListAdmin
from seqrshop.backoffice.links import list_url
from seqrshop.backoffice.list_parameters import filters_by
from seqrshop.backoffice.search import orders_matching
from seqrshop.backoffice.shop_scope import has_all_shops

# Without it, Excel reads the file in a Windows encoding and garbles å, ä and ö.
UTF8_BYTE_ORDER_MARK = "\ufeff"


@admin.register(AuditEvent)
class AuditEventAdmin(OrderColumn, LargeListAdmin[AuditEvent]):
    """The audit trail: every change, call and decision, newest first, for reading and export."""

    list_display = (
        "time",
        "order_link",
        "subject_name",
        "event_name",
        "states",
        "source_name",
        "details",
    )
    list_display_links = None
    list_filter = ("subject_type", "occurred_at")
    date_hierarchy = "occurred_at"
    linked_by = ("order", "subject_id")
    list_select_related = ("order", "actor")
    change_list_template = "admin/orders/auditevent/change_list.html"
    search_fields = ("subject_label",)
    search_help_text = _(
        "The full order number, invoice reference, payment reference, phone number or call "
        "reference."
    )
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[EventsByOrder]:
        """Return the list that reads the events of some shops by their orders."""
        return EventsByOrder

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Sort by the events; for a person bound to shops, by the orders and then by the events.

        The orders of a shop are found by an index, the events of a shop are not. The events of some
        days are sorted by their time, whose index has no others.
        """
        if not has_all_shops(request):
            return ("-order_id", "-id")
        is_of_days = filters_by(request.GET, self.date_hierarchy)
        return ("-occurred_at", "-id") if is_of_days else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        """Find the events of an order, or of a call by the reference that SEQR's support has."""
        term = search_term.strip()
        if not term:
            return queryset, False
        orders = list(Order.objects.filter(orders_matching(term)).values_list("pk", flat=True))
        return queryset.filter(
            Q(order__in=orders) | Q(subject_type=SubjectType.CALL, subject_label=term)
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
            return HttpResponseRedirect(list_url(AuditEvent))
        return StreamingHttpResponse(
            _csv_file(events),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="audit-{timezone.localdate()}.csv"'
            },
        )

    @admin.display(description=_("time"))
    def time(self, event: AuditEvent) -> str:
        """Return when the event was recorded."""
        return local_time(event.occurred_at, with_seconds=True)

    @admin.display(description=_("subject"))
    def subject_name(self, event: AuditEvent) -> str:
        """Return the event's subject; the long reference of a call may break in the middle."""
        half = len(event.subject_label) // 2 if event.subject_type == SubjectType.CALL else 0
        label = SubjectType(event.subject_type).label
        return format_html(
            "{} {}<wbr>{}", label, event.subject_label[:half], event.subject_label[half:]
        )

    @admin.display(description=_("event"))
    def event_name(self, event: AuditEvent) -> str:
        """Return the event's name."""
        return history_line(event).name

    @admin.display(description=_("state"))
    def states(self, event: AuditEvent) -> str:
        """Return the state before and the state after."""
        line = history_line(event)
        if not line.from_state and not line.to_state:
            return EMPTY_VALUE
        return f"{line.from_state} → {line.to_state}".strip()

    @admin.display(description=_("by"))
    def source_name(self, event: AuditEvent) -> str:
        """Return the event's source, and the user if it was one of the staff."""
        source = history_line(event).source
        return f"{source} ({event.actor.get_username()})" if event.actor else source

    @admin.display(description=_("details"))
    def details(self, event: AuditEvent) -> str:
        """Return the reason, or SEQR's answer."""
        return history_line(event).details


def _csv_file(events: QuerySet[AuditEvent]) -> Iterator[Any]:
    yield UTF8_BYTE_ORDER_MARK
    yield from csv_lines(events)
