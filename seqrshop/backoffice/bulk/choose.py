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

from orders.audit import by_staff
from orders.languages import current_language
from orders.models import Order
from payments.models import BulkJob
from seqrshop.backoffice.action_results import ActionResult, run_on_each
from seqrshop.backoffice.bulk.actions import BulkAction
from seqrshop.backoffice.bulk.jobs import propose_job
from seqrshop.backoffice.formatting import money
from seqrshop.backoffice.row_actions import FROM_ROW_PAGE, RowActionsAdmin
from seqrshop.backoffice.row_count import count_rows

MAX_ROWS_IN_REQUEST = 100  # more are done in the background
MAX_ROWS = 10_000
NAMED_ROWS = 20  # of each reason, on the page that asks
TIME_LIMIT_SECONDS = 20.0


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
    chosen: QuerySet[Any],
    action: BulkAction,
) -> HttpResponse | None:
    """Carry out an action on the chosen rows, or show the page that asks for confirmation.

    One row needs no question, unless the action always asks. Up to MAX_ROWS_IN_REQUEST rows are
    done in the request, and each result is shown in a message; more become a job.
    """
    number = count_rows(chosen).number
    if number > MAX_ROWS:
        words = {"chosen": number, "most": MAX_ROWS}
        refusal = _("%(chosen)d are selected; select at most %(most)d at a time. Nothing was done.")
        modeladmin.message_user(request, refusal % words, messages.ERROR)
        return None
    is_job = number > MAX_ROWS_IN_REQUEST
    asks = number > 1 or (action.always_asks and number == 1)
    if is_job or (asks and "confirmed" not in request.POST):
        return _confirmation(modeladmin, request, list(chosen), action, is_job=is_job)

    source = by_staff(request.user)

    def act(row: Any) -> ActionResult:
        return action.act(row, source)

    run_on_each(modeladmin, request, chosen, act, time_limit_seconds=TIME_LIMIT_SECONDS)
    return None


def _confirmation(
    modeladmin: RowActionsAdmin[Any],
    request: HttpRequest,
    rows: list[Any],
    action: BulkAction,
    *,
    is_job: bool,
) -> HttpResponse:
    """Show how many rows the action will change, and which ones it will skip, and why."""
    assert isinstance(request.user, User)
    skipped = _skipped(rows, action, request.user)
    job: BulkJob | None = None
    if is_job:
        job = propose_job(action, rows, request.user, current_language())
    page = modeladmin.posting_page(request)
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": action.label,
        "effect": action.effect,
        "number": len(rows) - sum(each.number for each in skipped),
        "names": [_with_amount(row) for row in rows] if len(rows) <= NAMED_ROWS else [],
        "skipped": skipped,
        "job": job,
        "action": request.POST.get("action", ""),
        "ids": [] if is_job else [row.pk for row in rows],
        "checkbox": ACTION_CHECKBOX_NAME,
        "from_row_page": FROM_ROW_PAGE if page else "",
        "back_url": page or request.get_full_path(),
        "opts": modeladmin.opts,
    }
    return TemplateResponse(request, "staff/bulk_confirm.html", context)


def _with_amount(row: Any) -> str:
    """Return the name of an order, a payment or a refund, with its amount."""
    amount = row.total if isinstance(row, Order) else row.amount
    return f"{row} ({money(amount, row.currency)})"


def _skipped(rows: Iterable[Any], action: BulkAction, person: User) -> list[SkippedRows]:
    names: dict[str, list[str]] = {}
    for row in rows:
        reason = action.reason_to_skip(row, person)
        if reason is not None:
            names.setdefault(str(reason), []).append(str(row))
    return [
        SkippedRows(reason, tuple(of_reason[:NAMED_ROWS]), len(of_reason[NAMED_ROWS:]))
        for reason, of_reason in names.items()
    ]
