"""Transaction periods and the reports about them.

Every function raises RefusedError to answer with another code than 0.
Source: API reference 2.6.0, markTransactionPeriod, executeReport. Our reading of what it leaves
open: a sale belongs to the period in which the shop confirmed it, a refund to the one in which it
was made; periods of the whole shop and of each terminal run beside one another.
"""

from datetime import timedelta
from typing import Final

from payments.sandbox.operations import report_xml
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import BAD_PARAMETERS, RefusedError, ResultCode
from payments.sandbox.storage.shop_models import Period, Transaction

READY_AFTER: Final = timedelta(seconds=3)

PERIOD_ID: Final = "transactionPeriodId"
TERMINAL_ID: Final = "TERMINALID"


def mark(state: SeqrSimulator, parameters: Message | None) -> Period:
    """markTransactionPeriod: end the period of the shop, or of the terminal that is named."""
    state.catch_up()
    terminal_id = _entries(parameters).get(TERMINAL_ID)
    if terminal_id is not None:
        _check_terminal(state, terminal_id)
    before = [
        period for period in state.records.periods.values() if period.terminal_id == terminal_id
    ]
    period = Period(
        period_id=state.next_ers_reference(),
        terminal_id=terminal_id,
        after=before[-1].last if before else 0,
        last=int(state.records.transactions.latest_key() or 0),
        marked_at=state.now(),
    )
    state.records.periods[period.period_id] = period
    return period


def execute_report(
    state: SeqrSimulator, report_id: str, parameters: Message | None
) -> report_xml.Report:
    """executeReport: 2 REPORT_NOT_READY until three seconds after the mark."""
    state.catch_up()
    entries = _entries(parameters)
    kind = report_xml.KINDS.get(report_id)
    if kind is None:
        raise RefusedError(BAD_PARAMETERS, f"there is no report {report_id!r}")
    period = state.records.periods.get(entries.get(PERIOD_ID, ""))
    if period is None:
        raise RefusedError(BAD_PARAMETERS, f"parameter {PERIOD_ID}: no such period")
    terminal_id = _terminal_of(state, kind, entries) if kind.per_terminal else None
    if period.terminal_id != terminal_id and period.terminal_id is not None:
        raise RefusedError(BAD_PARAMETERS, f"the period is terminal {period.terminal_id}'s own")
    ready_at = period.marked_at + READY_AFTER
    if state.now() < ready_at:
        raise RefusedError(ResultCode.REPORT_NOT_READY, "ask again in a few seconds")
    transactions = _transactions(state, period, terminal_id)
    return report_xml.render(kind, period.period_id, ready_at, transactions)


def _entries(parameters: Message | None) -> dict[str, str]:
    entries = (parameters or {}).get("parameter", {}).get("entry", [])
    return {entry.get("key", ""): entry.get("value", "") for entry in entries}


def _check_terminal(state: SeqrSimulator, terminal_id: str) -> None:
    if terminal_id not in state.records.terminals:
        raise RefusedError(BAD_PARAMETERS, f"parameter {TERMINAL_ID}: no such terminal")


def _terminal_of(state: SeqrSimulator, kind: report_xml.Kind, entries: dict[str, str]) -> str:
    terminal_id = entries.get(TERMINAL_ID)
    if not terminal_id:
        raise RefusedError(BAD_PARAMETERS, f"parameter {TERMINAL_ID} is missing: {kind.title}")
    _check_terminal(state, terminal_id)
    return terminal_id


def _transactions(
    state: SeqrSimulator, period: Period, terminal_id: str | None
) -> list[Transaction]:
    return [
        transaction
        for number, transaction in state.records.transactions.items()
        if period.after < int(number) <= period.last
        and terminal_id in (None, transaction.terminal_id)
    ]
