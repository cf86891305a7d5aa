"""What SEQR's staff do with resellers and terminals: add them, change passwords, retire terminals.

SEQR does not document what becomes of a retired terminal's open invoices. Here they expire at once,
since no terminal could learn of their payment; a payment that the terminal has not asked about is
reversed when its time is up.
"""

from collections import Counter
from dataclasses import replace

from payments.sandbox.operations.simulator import ConflictError, NotFoundError, SeqrSimulator
from payments.sandbox.storage.merchant_models import Reseller, Terminal
from payments.sandbox.storage.models import Status
from payments.sandbox.storage.published_principals import password_digest


def add_reseller(seqr: SeqrSimulator, reseller: Reseller) -> None:
    """Add a reseller. Raises ConflictError if its ID is taken."""
    if reseller.reseller_id in seqr.records.resellers:
        raise ConflictError(f"reseller_id: there is a reseller {reseller.reseller_id!r} already.")
    seqr.records.resellers[reseller.reseller_id] = reseller


def add_terminal(seqr: SeqrSimulator, terminal: Terminal) -> None:
    """Add a terminal as SEQR gives it to a web shop: it keeps several invoices open.

    Raises NotFoundError if its reseller is unknown, ConflictError if its ID is taken.
    """
    check_reseller(seqr, terminal.reseller_id)
    if terminal.terminal_id in seqr.records.terminals:
        raise ConflictError(f"terminal_id: there is a terminal {terminal.terminal_id!r} already.")
    seqr.records.terminals[terminal.terminal_id] = terminal


def change_password(seqr: SeqrSimulator, terminal_id: str, password: str) -> Terminal:
    """Change a terminal's password; the old one is refused from now on.

    Raises NotFoundError, ConflictError if the terminal is retired.
    """
    terminal = _active_terminal(seqr, terminal_id)
    changed = replace(terminal, password_digest=password_digest(terminal_id, password))
    seqr.records.terminals[terminal_id] = changed
    return changed


def retire(seqr: SeqrSimulator, terminal_id: str) -> Terminal:
    """Retire a terminal: its calls are refused, its open invoices expire, its SEQR ID is free.

    Raises NotFoundError, ConflictError if the terminal is retired already.
    """
    terminal = _active_terminal(seqr, terminal_id)
    retired = replace(terminal, active=False, seqr_id=None)
    seqr.records.terminals[terminal_id] = retired
    for invoice in seqr.invoices():
        if invoice.terminal_id != terminal_id:
            continue
        if invoice.is_open:
            seqr.save(invoice.with_status(Status.EXPIRED))
        elif invoice.status is Status.RESERVED:
            seqr.save(invoice.with_status(Status.EXPIRED, released_at=seqr.now()))
    return retired


def check_reseller(seqr: SeqrSimulator, reseller_id: str) -> None:
    """Check that there is a reseller with this ID. Raises NotFoundError."""
    if reseller_id not in seqr.records.resellers:
        raise NotFoundError(f"reseller_id: there is no reseller {reseller_id!r}.")


def terminal_with_id(seqr: SeqrSimulator, terminal_id: str) -> Terminal:
    """One terminal, active or retired. Raises NotFoundError."""
    if terminal_id not in seqr.records.terminals:
        raise NotFoundError(f"terminal_id: there is no terminal {terminal_id!r}.")
    return seqr.records.terminals[terminal_id]


def open_invoice_counts(seqr: SeqrSimulator) -> Counter[str]:
    """Count the invoices that a customer can still pay, by the terminal that issued them."""
    return Counter(invoice.terminal_id for invoice in seqr.invoices() if invoice.is_open)


def _active_terminal(seqr: SeqrSimulator, terminal_id: str) -> Terminal:
    terminal = terminal_with_id(seqr, terminal_id)
    if not terminal.active:
        raise ConflictError(f"terminal_id: terminal {terminal_id!r} is retired.")
    return terminal
