"""What happened, as a table below the page of one row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from orders.admin.readonly import ReadOnlyAdmin
from payments.models import InvoiceEvent, InvoiceStatus

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Line:
    """One event, in words."""

    event: InvoiceEvent
    name: str
    source: str
    from_status: str
    to_status: str


class HistoryAdmin(ReadOnlyAdmin[M]):
    """A read-only row and what happened to its invoices, oldest first."""

    change_form_template = "admin/change_form_with_history.html"

    def events(self, obj: M) -> Iterable[InvoiceEvent]:
        """Return the events of this row, oldest first, with their actors and invoices."""
        raise NotImplementedError

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the history, for those who may see invoices."""
        obj = context.get("original")
        if obj is not None and request.user.has_perm("payments.view_invoice"):
            context["history"] = list(_lines(self.events(obj)))
        return super().render_change_form(request, context, *args, **kwargs)


def _lines(events: Iterable[InvoiceEvent]) -> Iterator[Line]:
    for event in events:
        yield Line(
            event,
            event.name.replace("_", " "),
            event.source.replace("_", " "),
            _label(event.from_status),
            _label(event.to_status),
        )


def _label(status: str) -> str:
    return str(InvoiceStatus(status).label) if status else ""
