"""Ends a run for the terminals: each is reconciled by itself, and what is free is retired."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from orders.clock import database_now
from orders.models import Terminal
from payments import tasks
from payments.balance import captured_amount
from payments.models import (
    CAPTURED_STATUSES,
    UNRESOLVED_REFUND_STATUSES,
    MatchResult,
    MoneyCase,
    PeriodRow,
    PeriodStatus,
    RefundStatus,
    TransactionPeriod,
)
from payments.reconciliation.periods import periods_due
from payments.reconciliation.report_coverage import RECORDING_MARGIN
from tests.proof.model_based.ledgers import Ledgers, total

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import Simulation

REPORT_SECONDS = 4  # after which SEQR has made a report


def reconcile(sim: Simulation) -> None:
    """Close each terminal's period, and compare its report."""
    sim.pass_time(int(2 * RECORDING_MARGIN.total_seconds()) + 1)
    for _ in ("mark", "fetch the report"):
        for period_id in periods_due(database_now()):
            tasks.advance_period(period_id)
        sim.pass_time(REPORT_SECONDS)


def differing_reports(sim: Simulation, ledgers: Ledgers) -> Iterator[str]:
    """Compare each terminal's report with the shop's records of that terminal alone.

    SEQR does not say how it reports a payment whose status it has contradicted: such are left out.
    """
    contradicted = {
        each["ers_reference"]
        for reference, each in ledgers.seqr_invoices.items()
        if reference in sim.contradicted
    }
    for period in TransactionPeriod.objects.exclude(status=PeriodStatus.RECONCILED):
        yield f"{period} of {period.terminal} is {period.status}"
    for terminal in ledgers.terminals:
        rows = PeriodRow.objects.filter(period__terminal=terminal)
        rows = rows.exclude(ers_reference__in=contradicted - {None})
        yield from _differing_sales(ledgers, terminal, list(rows), contradicted)


def _differing_sales(
    ledgers: Ledgers, terminal: Terminal, rows: list[PeriodRow], contradicted: set[str | None]
) -> Iterator[str]:
    payments = {
        each.ers_reference: each
        for each in ledgers.invoices
        if each.status in CAPTURED_STATUSES and each.ers_reference not in contradicted
    }
    own = {ref: each for ref, each in payments.items() if each.terminal_id == terminal.pk}
    sales = [row for row in rows if row.amount > 0 and row.match_result != MatchResult.MISSING]
    reported = {row.ers_reference: row.amount for row in sales}
    if len(reported) != len(sales):
        yield f"the report of {terminal} repeats a payment"
    for row in rows:
        if row.terminal_id not in ("", terminal.principal_id):
            yield f"the report of {terminal} has a row of {row.terminal_id}"
        if row.match_result == MatchResult.MISSING:
            yield f"{row.invoice} is missing in the report of {terminal}"
        if row.ers_reference in payments and row.ers_reference not in own:
            yield f"the report of {terminal} has {payments[row.ers_reference]}, of another terminal"
    for reference, invoice in own.items():
        if reported.get(reference or "") != captured_amount(invoice):
            yield f"{invoice} is {reported.get(reference or '')} in the report of {terminal}"
    refunded = total(-row.amount for row in rows if row.amount < 0)
    ours = total(ledgers.refunds_of(each, RefundStatus.REFUNDED) for each in own.values())
    if not contradicted and refunded != ours:
        yield f"the report of {terminal} has refunds of {refunded}, the shop of {ours}"


def retire_free(sim: Simulation) -> None:
    """Let the time of refunds end, and retire what is free."""
    sim.pass_time(int((sim.refund_time + timedelta(days=1)).total_seconds()))
    tasks.retire_terminals()


def wrongly_retired(ledgers: Ledgers) -> Iterator[str]:
    """Describe each terminal that is free and not retired. Staff have corrected the passwords."""
    for terminal in ledgers.terminals:
        if any(shop.terminal_id == terminal.pk for shop in ledgers.shops):
            continue
        own = [each for each in ledgers.invoices if each.terminal_id == terminal.pk]
        keys = {each.pk for each in own}
        open_cases = MoneyCase.objects.filter(closed_at=None)
        hangs = (
            any(each.is_open or each.late_query_pending_since for each in own)
            or any(ledgers.refunds_of(each, *UNRESOLVED_REFUND_STATUSES) for each in own)
            or open_cases.filter(invoice__in=keys).exists()
            or open_cases.filter(period__terminal=terminal).exists()
        )
        if own and not hangs and terminal.retired_at is None:
            yield f"{terminal} is free, and is not retired"
