"""Cash registers: terminals that a shop registers itself, and the SEQR IDs on their stickers.

Every function raises RefusedError to respond with a code other than 0.
Source: API reference 2.6.0, registerTerminal, unregisterTerminal, assignSeqrId.
"""

import re
import secrets
from dataclasses import replace

from payments.sandbox.operations.principals import retire
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import (
    NOT_A_CASH_REGISTER,
    UNUSABLE_REGISTRATION,
    RefusedError,
    ResultCode,
)
from payments.sandbox.storage.merchant_models import Terminal
from payments.sandbox.storage.published_principals import password_digest

_SEQR_ID = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


def register(seqr: SeqrSimulator, reseller_id: str, request: Message) -> Terminal:
    """registerTerminal: add a cash register of the calling reseller, with its own id."""
    for name in ("externalTerminalId", "password", "name"):
        if not request.get(name, "").strip():
            raise RefusedError(UNUSABLE_REGISTRATION, f"{name} is missing")
    external_id = request["externalTerminalId"]
    if any(
        terminal.active and terminal.external_id == external_id
        for terminal in seqr.records.terminals.values()
        if terminal.reseller_id == reseller_id
    ):
        raise RefusedError(UNUSABLE_REGISTRATION, f"{external_id} is already registered")
    terminal_id = secrets.token_hex(16)
    terminal = Terminal(
        terminal_id=terminal_id,
        reseller_id=reseller_id,
        name=request["name"],
        password_digest=password_digest(terminal_id, request["password"]),
        external_id=external_id,
    )
    seqr.records.terminals[terminal_id] = terminal
    return terminal


def unregister(seqr: SeqrSimulator, terminal_id: str) -> None:
    """unregisterTerminal: retire the calling cash register."""
    terminal = seqr.records.terminals[terminal_id]
    if not terminal.is_cash_register:
        raise RefusedError(
            NOT_A_CASH_REGISTER, "only a terminal from registerTerminal can be unregistered"
        )
    retire(seqr, terminal_id)


def assign_seqr_id(seqr: SeqrSimulator, terminal_id: str, seqr_id: str) -> None:
    """assignSeqrId: replace the calling terminal's SEQR ID."""
    if not _SEQR_ID.fullmatch(seqr_id):
        raise RefusedError(
            ResultCode.INVALID_SEQR_ID, "up to 40 letters, digits, dots, dashes and underscores"
        )
    for other in seqr.records.terminals.values():
        if other.seqr_id == seqr_id and other.terminal_id != terminal_id:
            raise RefusedError(ResultCode.INVALID_SEQR_ID, "another terminal has this SEQR ID")
    terminal = seqr.records.terminals[terminal_id]
    seqr.records.terminals[terminal_id] = replace(terminal, seqr_id=seqr_id)
