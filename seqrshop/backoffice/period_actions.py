"""Actions of staff on a transaction period, and their results."""

from __future__ import annotations

from django.contrib import messages
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from payments import tasks
from payments.models import TransactionPeriod
from payments.reconciliation.fetch_report import request_report
from seqrshop.backoffice.action_results import ActionResult

NO_REPORT = _("SEQR has no report")


def fetch_report_again(period: TransactionPeriod, source: ChangeSource) -> ActionResult:
    """Let a worker fetch a period's report now, and reconcile it."""
    if not request_report(period.pk, source):
        return messages.WARNING, NO_REPORT
    tasks.enqueue(tasks.advance_period, period.pk)
    return messages.SUCCESS, _("The report is being fetched; see the history")
