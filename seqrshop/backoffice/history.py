"""The history of one row, as a table below its page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet, TextChoices
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from orders.models import AuditEvent, OrderState, SourceName, SubjectType
from payments.models import InvoiceStatus, PeriodStatus, RefundStatus
from seqrshop.backoffice.large_lists import LargeListAdmin
from seqrshop.backoffice.links import admin_url
from seqrshop.backoffice.row_actions import RowActionsAdmin
from seqrshop.backoffice.shop_scope import own_rows

M = TypeVar("M", bound=Model)

STATES: dict[SubjectType, type[TextChoices]] = {
    SubjectType.ORDER: OrderState,
    SubjectType.INVOICE: InvoiceStatus,
    SubjectType.REFUND: RefundStatus,
    SubjectType.PERIOD: PeriodStatus,
}


@dataclass(frozen=True)
class HistoryLine:
    """One event in the language of the staff."""

    event: AuditEvent
    subject: str
    name: str
    source: str
    from_state: str
    to_state: str
    details: str


class WithHistory(RowActionsAdmin[M]):
    """A row with its events, oldest first; `subject_type` is the type of its events."""

    subject_type: SubjectType
    change_form_template = "admin/change_form_with_history.html"

    def history_filter(self, obj: M) -> dict[str, Any]:
        """Return the lookups that select the row's events."""
        return {"subject_type": str(self.subject_type), "subject_id": obj.pk}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the history for those who may see payments, and its export for auditors.

        Events without an order are exported by those with all shops alone.
        """
        obj = context.get("original")
        if obj is not None and request.user.has_perm("payments.view_invoice"):
            filters = self.history_filter(obj)
            events = AuditEvent.objects.filter(**filters)
            context["history"] = list(_lines(events))
            may_export = request.user.has_perm("orders.view_auditevent")
            if may_export and own_rows(request, events).exists():
                export = admin_url(AuditEvent, "export")
                context["export_url"] = f"{export}?{urlencode(filters)}"
        return super().render_change_form(request, context, *args, **kwargs)


class HistoryAdmin(WithHistory[M], LargeListAdmin[M]):
    """A read-only row with its events."""


def _lines(events: QuerySet[AuditEvent]) -> Iterator[HistoryLine]:
    for event in events.select_related("actor"):
        yield history_line(event)


def history_line(event: AuditEvent) -> HistoryLine:
    """Return an event in the language of the staff."""
    return HistoryLine(
        event,
        f"{SubjectType(event.subject_type).label} {event.subject_label}",
        event.label,
        str(SourceName(event.source).label),
        _state_label(event, event.from_state),
        _state_label(event, event.to_state),
        _call_result(event) if event.subject_type == SubjectType.CALL else event.detail,
    )


def _call_result(call: AuditEvent) -> str:
    """Return SEQR's answer to a call, and the time it took."""
    numbers = {"code": call.result_code, "ms": call.duration_ms}
    if call.result_code is None:
        result = _("No answer in %(ms)s ms") % numbers
    else:
        result = _("Result code %(code)s in %(ms)s ms") % numbers
    return f"{result}: {call.detail}" if call.detail else result


def _state_label(event: AuditEvent, state: str) -> str:
    """Return a state's label. Order, invoice, refund and period share values, not labels."""
    if event.subject_type == SubjectType.CASE:
        return _("open case") if state == "open" else state
    states = STATES.get(SubjectType(event.subject_type))
    return str(states(state).label) if states is not None and state in states else state
