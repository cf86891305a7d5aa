"""Runs an action over the chosen rows: at once for few, after a page that says what happens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.audit import by_staff
from orders.languages import current_language
from orders.models import Order
from payments.models import BulkJob, Invoice, Refund
from seqrshop.backoffice.action_results import ActionResult, run_on_each
from seqrshop.backoffice.bulk.action import BulkAction, Text
from seqrshop.backoffice.bulk.jobs import propose_job
from seqrshop.backoffice.formatting import money
from seqrshop.backoffice.row_actions import FROM_ROW_PAGE, RowActionsAdmin
from seqrshop.backoffice.row_count import count_rows

MAX_ROWS_IN_REQUEST = 100  # more are done in the background
MAX_ROWS = 10_000
NAMED_ROWS = 20  # of each reason, on the page that asks
TIME_LIMIT_SECONDS = 20.0
NOTHING_SELECTED = gettext_lazy("Nothing to do for what is selected.")


@dataclass(frozen=True)
class SkippedRows:
    """The rows that an action will leave alone for one reason: the first names, and the others."""

    reason: str
    names: tuple[str, ...]
    others: int

    @property
    def number(self) -> int:
        """The number of the rows."""
        return len(self.names) + self.others


def run_bulk_action(
    modeladmin: RowActionsAdmin[Any],
    request: HttpRequest,
    rows: QuerySet[Any],
    action: BulkAction,
    *,
    chosen: QuerySet[Any] | None = None,
) -> HttpResponse | None:
    """Carry out an action on rows, or show the page that asks for confirmation.

    One row needs no question, unless the action always asks. Up to MAX_ROWS_IN_REQUEST rows are
    done in the request, and each result is shown in a message; more become a job. `chosen` are the
    rows of the list whose selection led to `rows`, if they are others: shops, to regenerate their
    codes.
    """
    number = count_rows(rows).number
    if not number:
        modeladmin.message_user(request, NOTHING_SELECTED, messages.INFO)
        return None
    if number > MAX_ROWS:
        words = {"chosen": number, "most": MAX_ROWS}
        refusal = _("%(chosen)d are selected; select at most %(most)d at a time. Nothing was done.")
        modeladmin.message_user(request, refusal % words, messages.ERROR)
        return None
    is_job = number > MAX_ROWS_IN_REQUEST
    asks = number > 1 or (action.always_asks and number == 1)
    if is_job or (asks and "confirmed" not in request.POST):
        ids = [] if is_job else [row.pk for row in (rows if chosen is None else chosen)]
        return _confirmation(modeladmin, request, list(rows), action, ids)

    source = by_staff(request.user)

    def act(row: Any) -> ActionResult:
        return action.act(row, source)

    run_on_each(modeladmin, request, rows, act, time_limit_seconds=TIME_LIMIT_SECONDS)
    return None


def _confirmation(
    modeladmin: RowActionsAdmin[Any],
    request: HttpRequest,
    rows: list[Any],
    action: BulkAction,
    ids: list[int],
) -> HttpResponse:
    """Show how many rows the action will change, and which ones it will skip, and why.

    `ids` are those that the page posts to the list; without any, the page starts a job.
    """
    assert isinstance(request.user, User)
    reasons = [(row, action.reason_to_skip(row, request.user)) for row in rows]
    done = [row for row, reason in reasons if reason is None]
    job: BulkJob | None = None
    if not ids:
        job = propose_job(action, rows, request.user, current_language())
    page = modeladmin.posting_page(request)
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": action.label,
        "effect": action.effect,
        "number": len(done),
        "names": [_with_amount(row) for row in done] if len(done) <= NAMED_ROWS else [],
        "skipped": _skipped(reasons),
        "job": job,
        "action": request.POST.get("action", ""),
        "ids": ids,
        "checkbox": ACTION_CHECKBOX_NAME,
        "from_row_page": FROM_ROW_PAGE if page else "",
        "back_url": page or request.get_full_path(),
        "opts": modeladmin.opts,
    }
    return TemplateResponse(request, "staff/bulk_confirm.html", context)


def _with_amount(row: Any) -> str:
    """Return the name of a row; of an order, a payment or a refund with its amount."""
    if isinstance(row, Order):
        return f"{row} ({money(row.total, row.currency)})"
    if isinstance(row, Invoice | Refund):
        return f"{row} ({money(row.amount, row.currency)})"
    return str(row)


def _skipped(reasons: Iterable[tuple[Any, Text | None]]) -> list[SkippedRows]:
    """Return the rows with a reason, by the reason."""
    names: dict[str, list[str]] = {}
    for row, reason in reasons:
        if reason is not None:
            names.setdefault(str(reason), []).append(str(row))
    return [
        SkippedRows(reason, tuple(of_reason[:NAMED_ROWS]), len(of_reason[NAMED_ROWS:]))
        for reason, of_reason in names.items()
    ]
