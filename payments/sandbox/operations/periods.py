"""Transaction periods and their reports.

Every function raises RefusedError to respond with a code other than 0.

Source: API reference 2.6.0, markTransactionPeriod, executeReport. It leaves some rules open; by our
reading a sale belongs to the period in which the shop confirmed it, a refund to the period in which
it was made, and the whole reseller's periods are independent of each terminal's, unless a period
that another till marks closes them too. Nothing of one reseller is in another reseller's periods.
"""

from datetime import timedelta
from typing import Final

from payments.sandbox.operations import report_xml
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import BAD_PARAMETERS, RefusedError, ResultCode
from payments.sandbox.storage.merchant_models import Period, Transaction

REPORT_READY_AFTER: Final = timedelta(seconds=3)

PERIOD_ID_PARAMETER: Final = "transactionPeriodId"
TERMINAL_ID_PARAMETER: Final = "TERMINALID"


def mark_period(seqr: SeqrSimulator, reseller_id: str, parameters: Message | None) -> Period:
    """markTransactionPeriod: end the period of the whole reseller, or of its named terminal."""
    terminal_id = _entries(parameters).get(TERMINAL_ID_PARAMETER)
    if terminal_id is not None:
        _check_terminal(seqr, reseller_id, terminal_id)
    return end_period(seqr, reseller_id, terminal_id)


def end_period(
    seqr: SeqrSimulator,
    reseller_id: str,
    terminal_id: str | None,
    *,
    closes_terminals: bool = False,
) -> Period:
    """End the period of a reseller or of its terminal, with `closes_terminals` of all terminals."""
    seqr.apply_due_changes()
    ended = [
        period.last
        for period in seqr.records.periods.values()
        if period.reseller_id == reseller_id
        and (period.terminal_id == terminal_id or period.closes_terminals)
    ]
    period = Period(
        period_id=seqr.next_ers_reference(),
        reseller_id=reseller_id,
        terminal_id=terminal_id,
        after=ended[-1] if ended else 0,
        last=int(seqr.records.transactions.latest_key() or 0),
        marked_at=seqr.now(),
        closes_terminals=closes_terminals,
    )
    seqr.records.periods[period.period_id] = period
    return period


def execute_report(
    seqr: SeqrSimulator, reseller_id: str, report_id: str, parameters: Message | None
) -> report_xml.Report:
    """executeReport. Responds with 2 REPORT_NOT_READY until three seconds after the mark."""
    seqr.apply_due_changes()
    entries = _entries(parameters)
    kind = report_xml.KINDS.get(report_id)
    if kind is None:
        raise RefusedError(BAD_PARAMETERS, f"there is no report {report_id!r}")
    period = seqr.records.periods.get(entries.get(PERIOD_ID_PARAMETER, ""))
    if period is None or period.reseller_id != reseller_id:
        raise RefusedError(BAD_PARAMETERS, f"parameter {PERIOD_ID_PARAMETER}: no such period")
    terminal_id = _terminal_of(seqr, reseller_id, kind, entries) if kind.per_terminal else None
    if period.terminal_id != terminal_id and period.terminal_id is not None:
        raise RefusedError(BAD_PARAMETERS, f"the period belongs to terminal {period.terminal_id}")
    ready_at = period.marked_at + REPORT_READY_AFTER
    if seqr.now() < ready_at:
        raise RefusedError(ResultCode.REPORT_NOT_READY, "retry in a few seconds")
    transactions = _transactions(seqr, period, terminal_id)
    return report_xml.render(kind, period, ready_at, transactions)


def _entries(parameters: Message | None) -> dict[str, str]:
    entries = (parameters or {}).get("parameter", {}).get("entry", [])
    return {entry.get("key", ""): entry.get("value", "") for entry in entries}


def _check_terminal(seqr: SeqrSimulator, reseller_id: str, terminal_id: str) -> None:
    terminal = seqr.records.terminals.get(terminal_id)
    if terminal is None or terminal.reseller_id != reseller_id:
        raise RefusedError(BAD_PARAMETERS, f"parameter {TERMINAL_ID_PARAMETER}: no such terminal")


def _terminal_of(
    seqr: SeqrSimulator, reseller_id: str, kind: report_xml.Kind, entries: dict[str, str]
) -> str:
    terminal_id = entries.get(TERMINAL_ID_PARAMETER)
    if not terminal_id:
        raise RefusedError(
            BAD_PARAMETERS, f"parameter {TERMINAL_ID_PARAMETER} is missing: {kind.title}"
        )
    _check_terminal(seqr, reseller_id, terminal_id)
    return terminal_id


def _transactions(
    seqr: SeqrSimulator, period: Period, terminal_id: str | None
) -> list[Transaction]:
    terminal_ids = {
        terminal.terminal_id
        for terminal in seqr.records.terminals.values()
        if terminal.reseller_id == period.reseller_id
        and terminal_id in (None, terminal.terminal_id)
    }
    return [
        transaction
        for number, transaction in seqr.records.transactions.items()
        if period.after < int(number) <= period.last and transaction.terminal_id in terminal_ids
    ]
