"""Runs actions on the chosen rows, and shows one message for each result."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from payments.seqr import SeqrError, SeqrOutcomeUnknown, SeqrUnavailable
from seqrshop.backoffice.row_count import count_rows

M = TypeVar("M", bound=Model)
ActionResult = tuple[int, str | Promise]
"""A level of django.contrib.messages, and a sentence without its full stop."""


def run_on_each(
    modeladmin: ModelAdmin[Any],
    request: HttpRequest,
    rows: QuerySet[M],
    act: Callable[[M], ActionResult],
    *,
    batch_limit: int | None = None,
    time_limit_seconds: float = float("inf"),
) -> None:
    """Run an action on each row, and show the rows of each result in one message.

    More rows than `batch_limit` are refused as a whole. Once `time_limit_seconds` have passed, the
    remaining rows are reported as not done, so that the browser gets its answer.
    """
    if batch_limit is not None and (chosen := count_rows(rows).number) > batch_limit:
        words = {"chosen": chosen, "most": batch_limit}
        refusal = _("%(chosen)d are selected; select at most %(most)d at a time. Nothing was done.")
        modeladmin.message_user(request, refusal % words, messages.ERROR)
        return
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


def change_each(
    modeladmin: ModelAdmin[Any],
    request: HttpRequest,
    rows: QuerySet[M],
    change: Callable[[M], bool],
    text: str | Promise,
) -> None:
    """Make a change to each row, and log it where `change` says that the row has changed."""

    def act(row: M) -> ActionResult:
        with transaction.atomic():
            if not change(row):
                return messages.INFO, _("Nothing to change")
            modeladmin.log_change(request, row, str(text))
        return messages.SUCCESS, text

    run_on_each(modeladmin, request, rows, act)


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
