"""What happened, as a table below the page of one row."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from orders.admin.readonly import ReadOnlyAdmin
from orders.models import About, Event, OrderState
from payments.models import InvoiceStatus, RefundStatus

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Line:
    """One event, in words."""

    event: Event
    about: str
    name: str
    source: str
    was: str
    became: str


class HistoryAdmin(ReadOnlyAdmin[M]):
    """A read-only row and what happened to it, oldest first. `about` is the kind of its events."""

    about: About
    change_form_template = "admin/change_form_with_history.html"

    def events(self, obj: M) -> QuerySet[Event]:
        """Return what happened to this row."""
        return Event.objects.filter(about=self.about, about_id=obj.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the history, for those who may see invoices."""
        obj = context.get("original")
        if obj is not None and request.user.has_perm("payments.view_invoice"):
            context["history"] = list(_lines(self.events(obj)))
        return super().render_change_form(request, context, *args, **kwargs)


def _lines(events: QuerySet[Event]) -> Iterator[Line]:
    for event in events.select_related("actor").order_by("id"):
        yield Line(
            event,
            f"{About(event.about).label} {event.subject}",
            event.name.replace("_", " "),
            event.source.replace("_", " "),
            _label(event.was),
            _label(event.became),
        )


def _label(state: str) -> str:
    for states in (InvoiceStatus, OrderState, RefundStatus):
        if state in states:
            return str(states(state).label)
    return state
