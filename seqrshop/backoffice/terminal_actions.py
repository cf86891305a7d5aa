"""Actions of staff on a terminal, and their results."""

from __future__ import annotations

from django.contrib import messages
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from orders.models import Terminal
from payments.availability.probe import schedule_probe_of
from payments.credential_check import check_stored_terminal
from seqrshop.backoffice.action_results import ActionResult
from seqrshop.backoffice.credentials_form import check_text


def check_terminal_with_seqr(terminal: Terminal, source: ChangeSource) -> ActionResult:
    """Check whether SEQR accepts a terminal and its password."""
    if terminal.retired_at is not None:
        return messages.INFO, _("Retired, not called any more")
    check = check_stored_terminal(terminal, source)
    if check.is_accepted:
        schedule_probe_of(terminal.pk)
        return messages.SUCCESS, check_text(check)
    return (messages.WARNING if check.is_unclear else messages.ERROR), check_text(check)
