"""Cash registers: terminals that a shop registers itself, and the SEQR IDs on their stickers.

Every function raises RefusedError to answer with another code than 0.
Source: API reference 2.6.0, registerTerminal, unregisterTerminal, assignSeqrId.
"""

import re
import secrets
from dataclasses import replace

from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import (
    NOT_A_CASH_REGISTER,
    UNUSABLE_REGISTRATION,
    RefusedError,
    ResultCode,
)
from payments.sandbox.storage.published_principals import password_digest
from payments.sandbox.storage.shop_models import Terminal

_SEQR_ID = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


def register(state: SeqrSimulator, request: Message) -> Terminal:
    """registerTerminal: a new cash register with an id and a password of its own."""
    for name in ("externalTerminalId", "password", "name"):
        if not request.get(name, "").strip():
            raise RefusedError(UNUSABLE_REGISTRATION, f"{name} is missing")
    external_id = request["externalTerminalId"]
    if any(
        terminal.active and terminal.external_id == external_id
        for terminal in state.records.terminals.values()
    ):
        raise RefusedError(UNUSABLE_REGISTRATION, f"{external_id} is registered already")
    terminal_id = secrets.token_hex(16)
    terminal = Terminal(
        terminal_id=terminal_id,
        name=request["name"],
        password_digest=password_digest(terminal_id, request["password"]),
        external_id=external_id,
    )
    state.records.terminals[terminal_id] = terminal
    return terminal


def unregister(state: SeqrSimulator, terminal_id: str) -> None:
    """unregisterTerminal: the calling cash register is one no more, and its SEQR ID is free."""
    terminal = state.records.terminals[terminal_id]
    if not terminal.is_cash_register:
        raise RefusedError(
            NOT_A_CASH_REGISTER, "only what registerTerminal has made can be unregistered"
        )
    state.records.terminals[terminal_id] = replace(terminal, active=False, seqr_id=None)


def assign_seqr_id(state: SeqrSimulator, terminal_id: str, seqr_id: str) -> None:
    """assignSeqrId: the calling terminal takes the SEQR ID, instead of the one it had."""
    if not _SEQR_ID.fullmatch(seqr_id):
        raise RefusedError(
            ResultCode.INVALID_SEQR_ID, "up to 40 letters, digits, dots, dashes and underscores"
        )
    for other in state.records.terminals.values():
        if other.seqr_id == seqr_id and other.terminal_id != terminal_id:
            raise RefusedError(ResultCode.INVALID_SEQR_ID, "another terminal has this SEQR ID")
    terminal = state.records.terminals[terminal_id]
    state.records.terminals[terminal_id] = replace(terminal, seqr_id=seqr_id)
