"""Runs actions on the chosen rows, and shows one message for each result."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from orders.audit import ChangeSource
from payments.seqr import SeqrError, SeqrOutcomeUnknown, SeqrUnavailable

M = TypeVar("M", bound=Model)
ActionResult = tuple[int, str | Promise]
"""A level of django.contrib.messages, and a sentence without its full stop."""


def run_on_each(
    modeladmin: ModelAdmin[Any],
    request: HttpRequest,
    rows: QuerySet[M],
    act: Callable[[M], ActionResult],
    *,
    time_limit_seconds: float = float("inf"),
) -> None:
    """Run an action on each row, and show the rows of each result in one message.

    Once `time_limit_seconds` have passed, the remaining rows are reported as not done, so that the
    browser gets its answer.
    """
    results: dict[tuple[int, str], list[str]] = {}
    deadline = time.monotonic() + time_limit_seconds
    for row in rows:
        if time.monotonic() < deadline:
            level, text = act(row)
        else:
            level, text = messages.WARNING, _("Not done, SEQR is responding slowly; try again")
        results.setdefault((level, str(text)), []).append(str(row))
    for (level, text), names in results.items():
        modeladmin.message_user(request, f"{text}: {', '.join(names)}.", level)


def log_change(row: Model, source: ChangeSource, text: str | Promise) -> None:
    """Record in Django's log that a member of staff has changed a row."""
    LogEntry.objects.log_actions(source.actor.pk, [row], CHANGE, str(text), single_object=True)


def only_row(modeladmin: ModelAdmin[Any], request: HttpRequest, rows: QuerySet[M]) -> M | None:
    """Return the only row that was chosen; None, with a message, if there are several."""
    chosen = list(rows[:2])
    if len(chosen) == 1:
        return chosen[0]
    modeladmin.message_user(request, _("Select one row at a time."), messages.ERROR)
    return None


def seqr_failure(error: SeqrError) -> ActionResult:
    """Return the result of an action that SEQR refused or did not answer."""
    reason = {"error": str(error).rstrip(".")}
    if isinstance(error, SeqrUnavailable | SeqrOutcomeUnknown):
        return messages.ERROR, _("No answer from SEQR (%(error)s)") % reason
    return messages.ERROR, _("SEQR refused (%(error)s)") % reason
