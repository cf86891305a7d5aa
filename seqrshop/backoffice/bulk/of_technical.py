"""The actions over payment cases, transaction periods and terminals."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.models import Terminal
from payments.models import MARK_KNOWN, MoneyCase, TransactionPeriod
from seqrshop.backoffice.bulk.action import BulkAction, Text
from seqrshop.backoffice.case_actions import check_pause, open_pause
from seqrshop.backoffice.period_actions import NO_REPORT, fetch_report_again
from seqrshop.backoffice.terminal_actions import check_terminal_with_seqr


def _unless_pausing(case: MoneyCase, _person: Any) -> Text | None:
    return _("pauses no payments") if open_pause(case) is None else None


def _unless_reported(period: TransactionPeriod, _person: Any) -> Text | None:
    return None if period.status in MARK_KNOWN else NO_REPORT


def _unless_in_use(terminal: Terminal, _person: Any) -> Text | None:
    return None if terminal.retired_at is None else _("retired")


CHECK_PAUSES = BulkAction(
    "check_pauses",
    MoneyCase,
    "payments.check_paymentpause",
    _("Check now"),
    _("SEQR is tried now. Where it accepts the terminal, payments work again at once."),
    check_pause,
    _unless_pausing,
    prefetched=("payment_pauses",),
)
FETCH_REPORTS = BulkAction(
    "fetch_reports",
    TransactionPeriod,
    "payments.reconcile_transactionperiod",
    _("Fetch the report again"),
    _(
        "SEQR's reports are fetched again and compared with our books. What was compared before is "
        "replaced. No money moves."
    ),
    fetch_report_again,
    _unless_reported,
    ("terminal",),
)
CHECK_TERMINALS = BulkAction(
    "check_terminals",
    Terminal,
    "orders.change_terminal",
    _("Check with SEQR"),
    _("SEQR is asked whether it accepts the terminals and their passwords. No money moves."),
    check_terminal_with_seqr,
    _unless_in_use,
    ("seller",),
)
