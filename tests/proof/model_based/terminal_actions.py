"""The actions about terminals: replace, retire, and change passwords at SEQR and here."""

from __future__ import annotations

from contextlib import suppress

from orders.models import Shop, Terminal
from payments import tasks
from payments.terminals import (
    TerminalIsRetired,
    TerminalOfAnotherSeller,
    put_in_use,
    retire,
    set_password,
)
from tests.proof.model_based.chain import BY_OPERATOR
from tests.proof.model_based.simulation import Action, Simulation

WRONG_PASSWORD = "mistyped"


def replace_terminal(sim: Simulation, actor: int, index: int) -> None:
    """Put the other terminal of its seller in use for the first shop.

    Another seller's terminal, index 2, is refused.
    """
    shop = Shop.objects.get(pk=sim.chain.shops[0].shop.pk)
    if index == 2:
        try:
            put_in_use(shop.pk, sim.chain.terminals[2], BY_OPERATOR)
        except TerminalOfAnotherSeller:
            return
        raise AssertionError("another seller's terminal was put in use")
    (other,) = Terminal.objects.filter(seller=shop.seller_id).exclude(pk=shop.terminal_id)
    with suppress(TerminalIsRetired):  # it is retired
        put_in_use(shop.pk, other, BY_OPERATOR)


def retire_terminal(sim: Simulation, actor: int, index: int) -> None:
    retire(sim.chain.terminals[index].pk, BY_OPERATOR)


def retire_free_terminals(sim: Simulation, actor: int, index: int) -> None:
    tasks.retire_terminals()


def change_password_at_seqr(sim: Simulation, actor: int, index: int) -> None:
    """SEQR's staff change a terminal's password: the shop's is wrong from now on."""
    sim.changed_passwords += 1
    password = f"changed {sim.changed_passwords}"
    sim.chain.change_password_at_seqr(sim.sandbox, sim.chain.terminals[index], password)


def correct_password(sim: Simulation, actor: int, index: int) -> None:
    """Store the password that SEQR accepts. A retired terminal is in use again."""
    terminal = sim.chain.terminals[index]
    set_password(terminal.pk, sim.chain.passwords[terminal.principal_id], BY_OPERATOR)


def mistype_password(sim: Simulation, actor: int, index: int) -> None:
    set_password(sim.chain.terminals[index].pk, WRONG_PASSWORD, BY_OPERATOR)


TERMINAL_ACTIONS: dict[str, Action] = {
    "staff replaces terminal": replace_terminal,
    "staff retires terminal": retire_terminal,
    "staff corrects password": correct_password,
    "staff mistypes password": mistype_password,
    "seqr changes password": change_password_at_seqr,
    "worker retires terminals": retire_free_terminals,
}
