"""Actions of staff on a payment case, and their results."""

from __future__ import annotations

from django.contrib import messages
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from payments import tasks
from payments.availability.probe import ProbeResult, probe_payments
from payments.models import MoneyCase, PaymentPause
from seqrshop.backoffice.action_results import ActionResult

PROBE_RESULTS: dict[ProbeResult, ActionResult] = {
    ProbeResult.RESUMED: (
        messages.SUCCESS,
        _("SEQR accepts our settings, payments are open again"),
    ),
    ProbeResult.REJECTED: (messages.ERROR, _("SEQR still rejects our settings")),
    ProbeResult.UNANSWERED: (
        messages.WARNING,
        _("No clear answer from SEQR, retried automatically"),
    ),
    ProbeResult.NOT_MADE: (messages.INFO, _("Payments are open, or a check is already running")),
}


def check_pause(case: MoneyCase, source: ChangeSource) -> ActionResult:
    """Check whether SEQR accepts our settings again, which resumes payments."""
    pause = open_pause(case)
    if pause is None:
        return messages.INFO, _("Payments are not paused by this case")
    result = probe_payments(pause.pk, source, force=True)
    if result == ProbeResult.RESUMED:
        tasks.enqueue(tasks.run_recovery)
    return PROBE_RESULTS[result]


def open_pause(case: MoneyCase) -> PaymentPause | None:
    """Return the pause of payments that a case is about, if it is in force."""
    pauses = (pause for pause in case.payment_pauses.all() if pause.ended_at is None)
    return next(pauses, None)
