"""What happened, as a table below the page of one row."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from orders.models import AuditEvent, OrderState, SubjectType
from payments.models import InvoiceStatus, PeriodStatus, RefundStatus
from seqrshop.backoffice.event_words import name_in_words, source_in_words
from seqrshop.backoffice.readonly import ReadOnlyAdmin

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Line:
    """One event, in words."""

    event: AuditEvent
    subject_type: str
    name: str
    source: str
    from_state: str
    to_state: str
    detail: str


class HistoryAdmin(ReadOnlyAdmin[M]):
    """A read-only row and what happened to it, oldest first. `about` is the kind of its events."""

    subject_type: SubjectType
    change_form_template = "admin/change_form_with_history.html"

    def history_of(self, obj: M) -> dict[str, Any]:
        """Return what its events have in common, by their fields."""
        return {"subject_type": str(self.subject_type), "subject_id": obj.pk}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the history, for those who may see invoices, and its export for auditors."""
        obj = context.get("original")
        if obj is not None and request.user.has_perm("payments.view_invoice"):
            which = self.history_of(obj)
            context["history"] = list(_lines(AuditEvent.objects.filter(**which)))
            if request.user.has_perm("orders.view_auditevent"):
                context["export_url"] = (
                    f"{reverse('admin:orders_auditevent_export')}?{urlencode(which)}"
                )
        return super().render_change_form(request, context, *args, **kwargs)


def _lines(events: QuerySet[AuditEvent]) -> Iterator[Line]:
    for event in events.select_related("actor").order_by("id"):
        yield line_of(event)


def line_of(event: AuditEvent) -> Line:
    """Return an event in words, in the language of the staff."""
    return Line(
        event,
        f"{SubjectType(event.subject_type).label} {event.subject}",
        name_in_words(event),
        source_in_words(event.source),
        _label(event.from_state),
        _label(event.to_state),
        _detail(event) if event.subject_type == SubjectType.CALL else event.detail,
    )


def _detail(call: AuditEvent) -> str:
    """Return what SEQR answered to a call, and after how long."""
    numbers = {"code": call.result_code, "ms": call.duration_ms}
    if call.result_code is None:
        told = _("No answer in %(ms)s ms") % numbers
    else:
        told = _("Result code %(code)s in %(ms)s ms") % numbers
    return f"{told}: {call.detail}" if call.detail else told


def _label(state: str) -> str:
    for states in (InvoiceStatus, OrderState, RefundStatus, PeriodStatus):
        if state in states:
            return str(states(state).label)
    return _("open case") if state == "open" else state
