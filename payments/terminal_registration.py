"""Registers cash registers with SEQR, assigns their SEQR IDs, and removes them again.

A registered terminal is not stored here: on it, each new invoice cancels the previous one, so no
shop may use it. A terminal that is stored was given by SEQR, or entered by staff.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from django.conf import settings
from django.db import Error

from orders.audit import ChangeSource, record_event, record_registration_event
from orders.models import EventName, Seller, SourceName, Terminal
from payments.call_audit import audited_client_with
from payments.gateway import credentials_of, reseller_credentials
from payments.seqr import Credentials, SeqrError, SeqrOutcomeUnknown
from payments.terminals import Obligations, obligations_of, retire, set_password

logger = logging.getLogger(__name__)

OPERATOR = ChangeSource(SourceName.OPERATOR)


class PasswordNeeded(Exception):
    """The terminal's password is not stored here, and none was given."""


class TerminalInUse(Exception):
    """Work is left for the terminal: `obligations` counts it, or the settings name it."""

    def __init__(self, obligations: Obligations | None) -> None:
        super().__init__("Work is left for the terminal.")
        self.obligations = obligations


def register_terminal(seller: Seller, external_id: str, password: str, name: str) -> str:
    """Register a cash register with a seller's reseller account; return SEQR's ID of it.

    Raises the errors of `SeqrClient.register_terminal`.
    """
    client = audited_client_with(reseller_credentials(seller), OPERATOR)
    terminal_id = client.register_terminal(external_id, password, name)
    _record(terminal_id, None, EventName.TERMINAL_REGISTERED, f"{terminal_id}, {external_id}")
    return terminal_id


def assign_seqr_id(terminal_id: str, seqr_id: str, password: str | None) -> None:
    """Assign to a terminal the ID in its printed code, which replaces an earlier one.

    Without a password, the stored one is used. Raises PasswordNeeded, and the errors of
    `SeqrClient.assign_seqr_id`.
    """
    row = _row_of(terminal_id)
    client = audited_client_with(_credentials(terminal_id, row, password), OPERATOR)
    client.assign_seqr_id(seqr_id)
    _record(terminal_id, row, EventName.SEQR_ID_ASSIGNED, f"{terminal_id}: {seqr_id}")


def unregister_terminal(terminal_id: str, password: str | None) -> bool:
    """Remove a terminal from SEQR; return whether it was in use here, and is retired now.

    A stored terminal is retired before the call, so that no invoice can be sent by it meanwhile. It
    is in use again if SEQR refuses, and stays retired if SEQR's answer is lost. Without a password,
    the stored one is used. Raises TerminalInUse, PasswordNeeded, and the errors of
    `SeqrClient.unregister_terminal`.
    """
    row = _row_of(terminal_id)
    if row is None and terminal_id == settings.SEQR_TERMINAL_ID:
        raise TerminalInUse(None)
    credentials = _credentials(terminal_id, row, password)
    in_use = None if row is None or row.retired_at is not None else row
    if in_use is not None and not retire(in_use.pk, OPERATOR):
        raise TerminalInUse(obligations_of(in_use))
    try:
        audited_client_with(credentials, OPERATOR).unregister_terminal()
    except SeqrOutcomeUnknown:
        raise
    except SeqrError:
        if in_use is not None:
            set_password(in_use.pk, credentials.terminal_password, OPERATOR)
        raise
    _record(terminal_id, row, EventName.TERMINAL_UNREGISTERED, terminal_id)
    return in_use is not None


def _row_of(terminal_id: str) -> Terminal | None:
    terminals = Terminal.objects.select_related("seller")
    return terminals.filter(principal_id=terminal_id).first()


def _credentials(terminal_id: str, row: Terminal | None, password: str | None) -> Credentials:
    nobody = Credentials(terminal_id, "", "", "", "")
    credentials = nobody if row is None else credentials_of(row)
    if password is not None:
        return replace(credentials, terminal_password=password)
    if not credentials.terminal_password:
        raise PasswordNeeded
    return credentials


def _record(terminal_id: str, row: Terminal | None, name: EventName, detail: str) -> None:
    """Record what SEQR has done. A failure is logged: the operator still has to see the result."""
    try:
        if row is None:
            record_registration_event(terminal_id, name, OPERATOR, detail=detail)
        else:
            record_event(row, name, OPERATOR, detail=detail)
    except Error as error:
        logger.error("%s of %s is missing in the audit: %s", name, detail, type(error).__name__)
