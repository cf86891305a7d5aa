"""Forms for resellers and terminals, and what the console shows of them.

Every action raises BadInputError, ConflictError or NotFoundError.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from payments.sandbox.control import principal_input
from payments.sandbox.operations import principals
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.storage.merchant_models import Reseller, Terminal

MAX_TERMINAL_ROWS: Final = 20
"""The latest terminals of each reseller that are listed."""


@dataclass(frozen=True)
class TerminalRow:
    """A terminal with the number of its invoices that a customer can still pay."""

    terminal: Terminal
    open_invoices: int


@dataclass(frozen=True)
class ResellerRow:
    """A reseller with all its terminals, newest first."""

    reseller: Reseller
    terminals: list[TerminalRow]

    @property
    def listed(self) -> list[TerminalRow]:
        """The latest terminals, as many as are listed."""
        return self.terminals[:MAX_TERMINAL_ROWS]


def reseller_rows(seqr: SeqrSimulator) -> list[ResellerRow]:
    """List the resellers with their terminals."""
    open_invoices = principals.open_invoice_counts(seqr)
    terminals: dict[str, list[TerminalRow]] = defaultdict(list)
    for terminal in reversed(list(seqr.records.terminals.values())):
        row = TerminalRow(terminal, open_invoices[terminal.terminal_id])
        terminals[terminal.reseller_id].append(row)
    return [
        ResellerRow(reseller, terminals[reseller.reseller_id])
        for reseller in seqr.records.resellers.values()
    ]


def add_reseller(seqr: SeqrSimulator, form: Mapping[str, str]) -> None:
    """Add a reseller."""
    principals.add_reseller(seqr, principal_input.reseller(form))


def add_terminal(seqr: SeqrSimulator, form: Mapping[str, str]) -> None:
    """Add a terminal as SEQR gives it to a web shop."""
    principals.add_terminal(seqr, principal_input.terminal(form))


def change_password(seqr: SeqrSimulator, form: Mapping[str, str]) -> None:
    """Change a terminal's password."""
    password = principal_input.password(form)
    principals.change_password(seqr, form.get("terminal_id", ""), password)


def retire(seqr: SeqrSimulator, form: Mapping[str, str]) -> None:
    """Retire a terminal."""
    principals.retire(seqr, form.get("terminal_id", ""))
