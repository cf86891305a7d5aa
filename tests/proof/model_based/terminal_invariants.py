"""Checks after every step that each terminal is called and paused for its own invoices alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orders.clock import database_now
from orders.models import Terminal
from payments.models import (
    CAPTURED_STATUSES,
    UNRESOLVED_REFUND_STATUSES,
    Invoice,
)
from tests.proof.model_based.ledgers import Ledgers
from tests.proof.model_based.recording_proxy import RESELLER_OPERATIONS, CallAs

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import Simulation


class TerminalChecker:
    """Checks the calls since the step before, and the ledgers. Each violation is one sentence."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._calls_checked = 0
        self._retired: set[str] = set()  # IDs at SEQR, before the step
        self._previous: dict[int, Invoice] = {}

    def check(self, ledgers: Ledgers) -> Iterator[str]:
        """Describe each violation."""
        yield from self._calls_are_made_as_the_own_terminal(ledgers)
        yield from self._references_keep_their_terminal(ledgers)
        yield from self._pauses_are_of_refused_terminals(ledgers)
        for terminal in ledgers.terminals:
            if terminal.retired_at is not None:
                yield from self._nothing_hangs_on_retired(ledgers, terminal)
        self._previous = {each.pk: each for each in ledgers.invoices}
        self._retired = {
            each.principal_id for each in ledgers.terminals if each.retired_at is not None
        }

    def _calls_are_made_as_the_own_terminal(self, ledgers: Ledgers) -> Iterator[str]:
        """The terminal that issued an invoice makes each call about it."""
        calls = self._sim.proxy.calls_as[self._calls_checked :]
        self._calls_checked += len(calls)
        issuers = {}
        for seqr_invoice in ledgers.seqr_invoices.values():
            for name in ("invoice_reference", "ers_reference"):
                issuers[seqr_invoice[name]] = seqr_invoice["terminal_id"]
        resellers = {each.principal_id: each.seller.reseller_id for each in ledgers.terminals}
        now_retired = {
            each.principal_id for each in ledgers.terminals if each.retired_at is not None
        }
        for call in calls:
            expected = _expected_principal(call, issuers, resellers)
            if expected is not None and call.principal != expected:
                yield f"{call} should have been made as {expected}"
            if call.principal in self._retired & now_retired:
                yield f"{call} was made as a retired terminal"

    def _references_keep_their_terminal(self, ledgers: Ledgers) -> Iterator[str]:
        for now in ledgers.invoices:
            previous = self._previous.get(now.pk)
            is_kept = previous is not None and previous.invoice_reference is not None
            if is_kept and previous is not None and previous.terminal_id != now.terminal_id:
                yield f"{now} has a reference, and its terminal changed"
            seqr_invoice = ledgers.seqr_invoice(now)
            if seqr_invoice and seqr_invoice["terminal_id"] != now.terminal.principal_id:
                yield f"{now} is {now.terminal}'s, and {seqr_invoice['terminal_id']} issued it"
            if now.terminal.seller_id != now.order.shop.seller_id:
                yield f"{now} is at another seller's terminal"

    def _pauses_are_of_refused_terminals(self, ledgers: Ledgers) -> Iterator[str]:
        for pause in ledgers.pauses:
            if pause.terminal.principal_id not in self._sim.proxy.refused:
                yield f"{pause.terminal} is paused, and SEQR has not refused it"

    def _nothing_hangs_on_retired(self, ledgers: Ledgers, terminal: Terminal) -> Iterator[str]:
        what = f"{terminal} is retired"
        if terminal.password_ciphertext:
            yield f"{what} and has a password"
        if any(shop.terminal_id == terminal.pk for shop in ledgers.shops):
            yield f"{what} and has a shop"
        own = [each for each in ledgers.invoices if each.terminal_id == terminal.pk]
        payable_since = database_now() - self._sim.refund_time
        for invoice in own:
            if invoice.is_open or invoice.late_query_pending_since is not None:
                yield f"{what}, and {invoice} is {invoice.status}"
            is_captured = invoice.status in CAPTURED_STATUSES and invoice.paid_at is not None
            if is_captured and invoice.paid_at and invoice.paid_at > payable_since:
                yield f"{what}, and {invoice} may still be refunded"
            if ledgers.refunds_of(invoice, *UNRESOLVED_REFUND_STATUSES):
                yield f"{what}, and a refund of {invoice} is not finished"


def _expected_principal(
    call: CallAs, issuers: dict[str | None, str], resellers: dict[str, str]
) -> str | None:
    """Return who should have made a call; None if any terminal might have."""
    if call.operation in RESELLER_OPERATIONS:
        return resellers.get(call.about)
    return issuers.get(call.about) if call.about else None
